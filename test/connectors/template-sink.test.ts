// The sink that people are to copy, with the tests that they are to copy, so that neither rots: they run as they do elsewhere,
// over the built package.
await import(new URL('../../docs/connector-template/line-sink.test.mjs', import.meta.url).href)
