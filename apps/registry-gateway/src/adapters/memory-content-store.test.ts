import { describeContentStore } from '../content-store.contract.ts';
import { createMemoryContentStore } from './memory-content-store.ts';

describeContentStore('memory content store', async () => ({ store: createMemoryContentStore(), close() {} }));
