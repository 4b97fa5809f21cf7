export { DrivenLinks } from './links.js';
export type { LinkDriver, LinksOptions } from './links.js';
export type { LinkState, StreamState } from './state.js';
export { ToxiproxyBackend, toxiproxyBackend } from './toxiproxy/backend.js';
export type { ToxiproxyOptions } from './toxiproxy/backend.js';
export { findToxiproxy } from './toxiproxy/find.js';
export type { FoundToxiproxy } from './toxiproxy/find.js';
export type { Limits } from './watching.js';
