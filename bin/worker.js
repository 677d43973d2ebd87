// Entry of the worker threads.
require('./bundle.js').loadBundle('worker')
