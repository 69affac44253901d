import { rates } from '../measure.mjs';

export const switching = {
  id: 'switch',
  title: 'Switches by hand: every one from one coroutine into another counts',
  figures: [
    { key: 'pingPong', table: 'two coroutines, each switches to the other', title: 'rate', unit: 'switches/s', better: 'higher' },
    { key: 'fromMain', table: 'the program and a coroutine', title: 'rate', unit: 'switches/s', better: 'higher' },
  ],
  run: ({ peer: { pingPong, fromMain }, quick }) => rates({ pingPong, fromMain }, quick),
};
