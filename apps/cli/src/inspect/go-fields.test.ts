import { expect, test } from '@jest/globals';
import { compileTemplate } from '../template/template.ts';
import { addGoFields } from './go-fields.ts';

test('fields that JSON leaves out are there for templates, and stay out of the JSON', () => {
  const json = { Id: 'x', State: { Status: 'created' }, HostConfig: {}, Mounts: [{ Type: 'bind' }, { Name: 'v' }] };
  const object = addGoFields(structuredClone(json));
  const template =
    '{{.ID}}{{if .State.Health}}!{{end}}{{.HostConfig.Init}}{{range .Mounts}}[{{.Name}}{{.Driver}}]{{end}}';
  expect(compileTemplate(template)(object)).toBe('x<nil>[][v]');
  expect(JSON.stringify(object)).toBe(JSON.stringify(json));
});

test('of a map, what is not there has no value', () => {
  const object = addGoFields({ Config: { Labels: { a: '1' } }, NetworkSettings: { Networks: {} } });
  expect(compileTemplate('{{.Config.Labels.a}} {{.Config.Labels.constructor}}')(object)).toBe('1 <no value>');
  expect(compileTemplate('[{{index .Config.Labels "b"}}] {{index .NetworkSettings.Networks "x"}}')(object)).toBe(
    '[] <nil>',
  );
  expect(() => compileTemplate('{{.NetworkSettings.Networks.x.IPAddress}}')(object)).toThrow('no entry for key');
});

test('only containers have sizes', () => {
  expect(() => compileTemplate('{{.SizeRw}}')(addGoFields({ Id: 'x' }))).toThrow('map has no entry for key "SizeRw"');
});

test('what has no labels has none, and what is of another type than Docker has is left alone', () => {
  const object = addGoFields({ Id: 'x', Config: { Labels: 'text', Volumes: { a: null } } });
  expect(() => compileTemplate('{{.Labels}}')(object)).toThrow('no entry for key');
  expect(compileTemplate('{{.Config.Labels}} {{.Config.Volumes}}')(object)).toBe('text map[a:<nil>]');
});

test('the members of a set print as structs', () => {
  const object = addGoFields({ Config: { ExposedPorts: { '80/tcp': {} }, Volumes: null } });
  expect(compileTemplate('{{.Config.ExposedPorts}} {{json .Config.ExposedPorts}} {{.Config.Volumes}}')(object)).toBe(
    'map[80/tcp:{}] {"80/tcp":{}} map[]',
  );
});

test('what is nil prints as the empty list or map that it is, and is null in JSON', () => {
  const object = addGoFields({ Id: 'x', RootFS: {}, Config: { Cmd: null, Labels: null } });
  const template = '{{.Config.Cmd}}{{.Config.Entrypoint}}{{.Config.Volumes}}{{.Config.Healthcheck}}[{{.Variant}}]';
  expect(compileTemplate(template)(object)).toBe('[][]map[]<nil>[]');
  expect(compileTemplate('{{json .Config.Cmd}} {{json .Config}} {{len .Config.Entrypoint}}')(object)).toBe(
    'null {"Cmd":null,"Labels":null} 0',
  );
  expect(compileTemplate('[{{index .Config.Labels "a"}}]{{if .Config.Cmd}}!{{end}}')(object)).toBe('[]');
});
