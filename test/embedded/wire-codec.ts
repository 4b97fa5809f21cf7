/** Encodes requests and decodes answers by their schema; knows nothing of the handlers. */
import { Writer } from '@platformatic/kafka';
import { Input } from '../../src/targets/embedded/broker/wire/input.js';
import { schemas, type ApiName, type Field, type Simple, type Type } from './wire-schema.js';

export type Value =
  null | boolean | number | string | Buffer | readonly Value[] | { readonly [name: string]: Value };
export type Body = Record<string, Value>;

export const noUuid = '00000000-0000-0000-0000-000000000000';

/** A whole frame. What `body` lacks is zero, empty, or null. */
export function encodeRequest(name: ApiName, version: number, correlation: number, body: Body) {
  const { key, flexible, request } = schemas[name];
  const compact = version >= flexible;
  const out = Writer.create().appendInt16(key).appendInt16(version).appendInt32(correlation);
  out.appendString('test', false);
  if (compact) out.appendTaggedFields();
  writeStruct(out, request, body, version, compact);
  return out.prependLength().buffer;
}

/** A frame without its size. Throws unless it ends where the answer does. */
export function decodeResponse(name: ApiName, version: number, frame: Buffer) {
  const { key, flexible, response } = schemas[name];
  const compact = version >= flexible;
  const input = new Input(frame);
  const correlation = input.int32();
  if (compact && key !== 18) input.tags();
  const body = readStruct(input, response, version, compact);
  if (input.left > 0) throw new Error(`${name} ${version}: ${input.left} bytes too many`);
  return { correlation, body };
}

const within = ([, , from = 0, to = 99]: Field, version: number): boolean =>
  version >= from && version <= to;

function writeStruct(
  out: Writer,
  fields: readonly Field[],
  body: Body,
  version: number,
  compact: boolean,
): void {
  for (const field of fields)
    if (within(field, version)) write(out, field[1], body[field[0]], version, compact);
  if (compact) out.appendTaggedFields();
}

function write(
  out: Writer,
  type: Type,
  value: Value | undefined,
  version: number,
  compact: boolean,
): void {
  if (typeof type !== 'string') {
    const list = value as Body[] | null | undefined;
    writeCount(out, list === null ? -1 : (list?.length ?? 0), compact);
    for (const one of list ?? []) writeStruct(out, type, one, version, compact);
  } else if (type.startsWith('[]')) {
    const list = (value ?? []) as Value[];
    writeCount(out, list.length, compact);
    for (const one of list) write(out, type.slice(2) as Simple, one, version, compact);
  } else {
    const number = (value ?? 0) as number;
    if (type === 'bool') out.appendBoolean(value === true);
    else if (type === 'int8') out.appendInt8(number);
    else if (type === 'int16') out.appendInt16(number);
    else if (type === 'uint16') out.appendUnsignedInt16(number);
    else if (type === 'int32') out.appendInt32(number);
    else if (type === 'int64') out.appendInt64(BigInt(number));
    else if (type === 'string')
      out.appendString(value === undefined ? '' : (value as string | null), compact);
    else if (type === 'bytes') out.appendBytes(value as Buffer | null, compact);
    else out.appendUUID((value ?? noUuid) as string);
  }
}

function writeCount(out: Writer, count: number, compact: boolean): void {
  if (compact) out.appendUnsignedVarInt(count + 1);
  else out.appendInt32(count);
}

function readStruct(
  input: Input,
  fields: readonly Field[],
  version: number,
  compact: boolean,
): Body {
  const body: Body = {};
  for (const field of fields)
    if (within(field, version)) body[field[0]] = read(input, field[1], version, compact);
  if (compact) input.tags();
  return body;
}

function read(input: Input, type: Type, version: number, compact: boolean): Value {
  if (typeof type !== 'string')
    // The tags of its elements are read with them.
    return input.nullableArray(compact, () => readStruct(input, type, version, compact), false);
  if (type.startsWith('[]'))
    return input.array(
      compact,
      () => read(input, type.slice(2) as Simple, version, compact),
      false,
    );
  if (type === 'bool') return input.boolean();
  if (type === 'int8') return input.int8();
  if (type === 'int16') return input.int16();
  if (type === 'uint16') return input.take(2).readUInt16BE(0);
  if (type === 'int32') return input.int32();
  if (type === 'int64') return input.int64();
  if (type === 'string') return input.nullableString(compact);
  if (type === 'bytes') return input.nullableBytes(compact);
  return input.uuid();
}
