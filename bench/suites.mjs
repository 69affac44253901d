// The suites, each with its own peers and scenarios.
import { channels } from './channels/index.mjs';
import { coroutines } from './coroutines/index.mjs';
import { distributed } from './distributed/index.mjs';
import { managers } from './managers/index.mjs';
import { pools } from './pools/index.mjs';
import { processes } from './processes/index.mjs';
import { startup } from './startup/index.mjs';
import { sync } from './sync/index.mjs';

/**
 * @typedef {object} Suite
 * @property {string} id
 * @property {string} reference  the peer that is the reference of all ratios
 * @property {number} [minutes]  a run of it starts nothing new after this time; default 7.5
 * @property {boolean} [keepsResults]  a run of the whole suite writes RESULTS.md
 * @property {Peer[]} peers
 * @property {Scenario[]} scenarios
 * @property {Python} [python]  what runs the rows whose library is `python`
 * @property {URL} [program]  what runs the other rows instead of probe.mjs
 * @property {(peer: Peer, scenario: Scenario) => object | Promise<object>} context  what a scenario of the suite is given, besides `quick`; its `close()` is called afterwards
 *
 * @typedef {object} Python
 * @property {string} program
 * @property {string} module  the imported module: a python3 without it is of no use
 * @property {string} getIt  the advice where it is missing
 * @property {string} [command]  the interpreter, when one was found
 *
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} library  a file of the suite's `peers/`, or `python`
 * @property {string} [kind]  one library may be measured in several ways
 * @property {boolean} [isHandWritten]  no library, but what people write without one
 * @property {Record<string, number>} [atMost]  scenario → how many it does where others do more
 * @property {string[]} [only]  the scenarios it has; else all
 *
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} title
 * @property {Figure[]} figures
 * @property {Comparison[]} [comparisons]  printed below the tables
 * @property {string} [reference]  the peer that its ratios are against, where the suite's own has no row
 * @property {(context: object) => Promise<{ figures: Record<string, number>, notes?: string[] }>} run  notes are printed below the table
 *
 * @typedef {object} Figure
 * @property {string} key
 * @property {string} title
 * @property {string} unit
 * @property {'higher' | 'lower'} better
 * @property {string} [table]  figures with the same table stand side by side in one of that title
 * @property {boolean} [hasBest]  false for figures that are the same every time, or stand beside another of the same run
 * @property {boolean} [hasRatio]  false for figures so near to nothing that their ratio says nothing
 *
 * @typedef {object} Comparison  one row with another in one number
 * @property {string} title
 * @property {string} key  the figure
 * @property {string} of  a peer
 * @property {string} to  the peer that it is compared with
 * @property {'ratio' | 'difference'} by
 * @property {string} [unit]  of a difference
 * @property {number} [aim]  what heddle wants to stay at or below
 */

/** @type {Suite[]} */
export const suites = [pools, coroutines, sync, channels, managers, distributed, processes, startup];

/** True if the peer takes part in the scenario. */
export const has = (peer, scenario) => peer.only === undefined || peer.only.includes(scenario.id);
