/** Classes of the web platform and of Node that a program meets every day: each is made anew from what it shows. */

import type { KeyObject } from 'node:crypto';
import { TextDecoder, TextEncoder, types } from 'node:util';
import { crypto } from '../../builtins.ts';
import { writeShared } from './buffers.ts';
import type { Decoding } from '../packet/decoding.ts';
import type { Encoding } from '../packet/encoding.ts';
import { givenName } from '../../class-names.ts';
import { damaged } from '../packet/reader.ts';
import { writeSignal } from './signals.ts';
import * as tag from '../packet/tags.ts';

type Write = (encoding: Encoding, object: never) => void;

const writers: Record<string, Write | undefined> = {
  URL: (encoding, url: URL) => {
    encoding.writer.byte(tag.URL_OBJECT);
    encoding.claim(url);
    encoding.writer.text(url.href);
  },
  URLSearchParams: (encoding, parameters: URLSearchParams) => {
    encoding.writer.byte(tag.URL_SEARCH_PARAMS);
    encoding.claim(parameters);
    encoding.writer.text(parameters.toString());
  },
  Headers: (encoding, headers: Headers) => {
    encoding.writer.byte(tag.HEADERS);
    encoding.claim(headers);
    const pairs = [...headers];
    encoding.writer.varint(pairs.length);
    for (const [name, value] of pairs) {
      encoding.writer.text(name);
      encoding.writer.text(value);
    }
  },
  TextEncoder: (encoding, object: TextEncoder) => {
    encoding.writer.byte(tag.TEXT_ENCODER);
    encoding.claim(object);
  },
  TextDecoder: (encoding, object: TextDecoder) => {
    encoding.writer.byte(tag.TEXT_DECODER);
    encoding.claim(object);
    encoding.writer.text(object.encoding);
    encoding.value(object.fatal);
    encoding.value(object.ignoreBOM);
  },
  AbortSignal: writeSignal,
  AbortController: (encoding) => {
    throw encoding.refusal('an AbortController cannot cross: its signal can');
  },
  Blob: (encoding) => {
    throw encoding.refusal('a Blob cannot cross: its bytes can, await blob.arrayBuffer()');
  },
};

/** Which of these classes an object is of, itself or by a subclass. */
export function writerOfWebClass(encoding: Encoding, object: object): Write | undefined {
  for (let at = Object.getPrototypeOf(object) as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof constructor !== 'function') continue;
    const name = givenName(constructor);
    const write = Object.hasOwn(writers, name) ? writers[name] : undefined;
    if (write !== undefined && isPrototypeOfGlobal(at, name)) return write;
  }
  return isWebAssembly(object) ? () => writeShared(encoding, object, Object.prototype.toString.call(object).slice(8, -1)) : undefined;
}

function isPrototypeOfGlobal(prototype: object, name: string): boolean {
  return (globalThis as unknown as Record<string, { prototype?: unknown } | undefined>)[name]?.prototype === prototype;
}

function isWebAssembly(object: object): boolean {
  const name = Object.prototype.toString.call(object);
  return (
    name === '[object WebAssembly.Module]' ||
    (name === '[object WebAssembly.Memory]' && types.isSharedArrayBuffer(Reflect.get(object, 'buffer')))
  );
}

export function writeKey(encoding: Encoding, key: KeyObject): void {
  encoding.writer.byte(tag.KEY_OBJECT);
  encoding.claim(key);
  encoding.writer.text(key.type);
  const bytes =
    key.type === 'secret'
      ? key.export()
      : key.export(key.type === 'public' ? { type: 'spki', format: 'der' } : { type: 'pkcs8', format: 'der' });
  encoding.writer.varint(bytes.length);
  encoding.writer.raw(bytes);
}

function readKey(decoding: Decoding): KeyObject {
  const type = decoding.reader.text();
  const key = Buffer.from(decoding.reader.copy(decoding.reader.count(1)));
  const { createPrivateKey, createPublicKey, createSecretKey } = crypto();
  if (type === 'secret') return createSecretKey(key);
  return type === 'public'
    ? createPublicKey({ key, type: 'spki', format: 'der' })
    : createPrivateKey({ key, type: 'pkcs8', format: 'der' });
}

/** Reads the part after one of the tags of this file. */
export function readWebClass(decoding: Decoding, kind: number): object {
  const object = make(decoding, kind);
  decoding.claim(object);
  return object;
}

function make(decoding: Decoding, kind: number): object {
  const { reader } = decoding;
  switch (kind) {
    case tag.URL_OBJECT:
      return new URL(reader.text());
    case tag.URL_SEARCH_PARAMS:
      return new URLSearchParams(reader.text());
    case tag.HEADERS:
      return readHeaders(decoding);
    case tag.TEXT_ENCODER:
      return new TextEncoder();
    case tag.TEXT_DECODER: {
      const encoding = reader.text();
      const fatal = decoding.value() === true;
      return new TextDecoder(encoding, { fatal, ignoreBOM: decoding.value() === true });
    }
    case tag.KEY_OBJECT:
      return readKey(decoding);
    default:
      throw damaged(`there is no kind ${kind}`);
  }
}

function readHeaders(decoding: Decoding): Headers {
  const { reader } = decoding;
  const headers = new Headers();
  for (let left = reader.count(2); left > 0; left -= 1) {
    const name = reader.text();
    headers.append(name, reader.text());
  }
  return headers;
}
