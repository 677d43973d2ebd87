// Entry of the processes that answer queries for the server.
const { loadBundle, optimizeLater } = require('./bundle.js')

optimizeLater()
loadBundle('sql-process')
