import { openClient } from './client-of-heddle.mjs';
import { openDict } from './dict-of-heddle.mjs';
import { openMaps } from './maps.mjs';

export const open = ({ kind }) => openMaps[kind]?.() ?? (kind.startsWith('client') ? openClient(kind === 'client-await') : openDict(kind));
