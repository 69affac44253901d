import { openClient } from './client-of-heddle.mjs';
import { openDict } from './dict-of-heddle.mjs';

export const open = ({ kind }) => (kind.startsWith('client') ? openClient(kind === 'client-await') : openDict(kind));
