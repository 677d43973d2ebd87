import { storeContract } from '../contract/store.ts'
import { MemoryStore } from '../../src/store/memory.ts'

storeContract('memory', async () => MemoryStore.create({ firstBranch: 'main' }))
