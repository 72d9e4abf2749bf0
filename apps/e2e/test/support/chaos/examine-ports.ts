import { ContainerStatus, type Container } from '@berth/proto/container';
import { publishedElements, waitFor, type TestEngine } from '@berth/testkit';
import type { ContainerClient } from './actions.ts';

/** Each address and each port is one container's, and the table has those of containers that run, and no others. */
export async function examinePorts(client: ContainerClient, { root }: TestEngine): Promise<string[]> {
  let problems: string[] = [];
  const isRight = async (): Promise<boolean> => {
    const { containers } = await client.listContainers({ all: false });
    const running = containers.filter(({ status }) => status === ContainerStatus.RUNNING);
    problems = [
      ...twice(running.flatMap(({ networks }) => networks.map(({ address }) => address))),
      ...running.flatMap(withoutPort),
      ...differences(running.flatMap(elementsOf), publishedElements(root).filter(isOfIpv4)),
    ];
    return problems.length === 0;
  };
  // What has just ended is still being taken away.
  await waitFor(isRight, { what: 'ports as they were told', timeoutMs: 10_000 }).catch((error: unknown) => {
    if (problems.length === 0) throw error;
  });
  return problems;
}

function twice(addresses: readonly string[]): string[] {
  const repeated = addresses.filter((address, index) => addresses.indexOf(address) !== index);
  return repeated.map((address) => `${address} is that of two`);
}

function withoutPort({ name, config, publishedPorts }: Container): string[] {
  return config?.portBindings.length === 0 || publishedPorts.length > 0 ? [] : [`${name} runs without its port`];
}

/** As `nft` prints them. */
function elementsOf({ publishedPorts, networks }: Container): string[] {
  const address = networks[0]?.address ?? '';
  const own = publishedPorts.filter(({ hostAddress }) => hostAddress === '0.0.0.0');
  return own.map(({ hostPort }) => `tcp . ${hostPort} : ${address} . 80`);
}

function isOfIpv4(element: string): boolean {
  return /^tcp \. \d+ : [\d.]+ \. 80$/.test(element);
}

function differences(told: readonly string[], found: readonly string[]): string[] {
  return [
    ...told.filter((element) => !found.includes(element)).map((element) => `not published: ${element}`),
    ...found.filter((element) => !told.includes(element)).map((element) => `published: ${element}`),
    ...twice(told.map((element) => element.split(' : ')[0] ?? '')),
  ];
}
