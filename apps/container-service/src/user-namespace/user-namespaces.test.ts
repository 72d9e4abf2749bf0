import { describe, expect, test } from '@jest/globals';
import { aConfig, createMemoryEngine, settle } from '../adapters/memory-engine.ts';

const auto = (name: string) => ({ name, config: aConfig({ userNamespaceMode: 'auto' }) });

describe('the ids of user namespaces', () => {
  test('belong to one container until it is removed, also over a restart', async () => {
    const engine = createMemoryEngine();
    const a = (await engine.creator.create(auto('web'))).container;
    const again = engine.restart();
    again.recovery.resume();
    const b = (await again.creator.create(auto('db'))).container;
    expect([a.firstUserId, b.firstUserId]).toEqual([100_000, 165_536]);
    await expect(again.creator.create(auto('job'))).rejects.toMatchObject({ reason: 'USER_IDS_EXHAUSTED' });
    await again.control.remove(a.id, { force: false, volumes: false });
    await settle();
    expect((await again.creator.create(auto('job'))).container.firstUserId).toBe(100_000);
  });

  test('are given back when a creation fails', async () => {
    const engine = createMemoryEngine();
    const config = aConfig({ userNamespaceMode: 'auto', command: ['\0'] });
    for (let i = 0; i < 3; i++) {
      await expect(engine.creator.create({ name: '', config })).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT' });
    }
    expect((await engine.creator.create(auto('web'))).container.firstUserId).not.toBeNull();
  });

  test('are not there without a namespace, nor beside the network of the host', async () => {
    const engine = createMemoryEngine();
    const { container } = await engine.creator.create({ name: '', config: aConfig() });
    expect(container.firstUserId).toBeNull();
    const config = aConfig({ userNamespaceMode: 'auto', networkMode: 'host' });
    await expect(engine.creator.create({ name: '', config })).rejects.toThrow(
      "cannot share the host's network namespace when user namespaces are enabled",
    );
  });
});
