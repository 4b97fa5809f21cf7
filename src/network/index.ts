export { DrivenLinks } from './links.js';
export type { LinkDriver } from './links.js';
export { builtinBackend } from './builtin/backend.js';
export type { BuiltinBackend } from './builtin/backend.js';
export { toxiproxyBackend } from './toxiproxy/backend.js';
export type { ToxiproxyBackend } from './toxiproxy/backend.js';
export { findToxiproxy, installedToxiproxy } from './toxiproxy/find.js';
