import { storeContract } from '../contract/store.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { temporaryDir } from '../support/temporary.ts'

storeContract('memory', async () => MemoryStore.create({ firstBranch: 'main' }))
storeContract('disk', async () => DiskStore.create(`${temporaryDir()}/store`, { firstBranch: 'main' }))
