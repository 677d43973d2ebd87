// Entry of the processes that answer queries for the server.
require('./bundle.js').loadBundle('sql-process')
