// CommonJS, because the first message to a cluster worker is lost on Node 20 when its main module is loaded asynchronously, as ESM is.
const { ClusterWorker } = require('poolifier');
const tasks = require('../tasks.mjs');

module.exports = new ClusterWorker({ ...tasks });
