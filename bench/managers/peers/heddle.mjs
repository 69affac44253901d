import { openClient } from './client-of-heddle.mjs';
import { openDict } from './dict-of-heddle.mjs';
import { openMaps } from './maps.mjs';
import { openNamed } from './named.mjs';

export const open = ({ kind }) => {
  if (kind in openMaps) return openMaps[kind]();
  if (kind.startsWith('named')) return openNamed(kind === 'named');
  return kind.startsWith('client') ? openClient(kind === 'client-await') : openDict(kind);
};
