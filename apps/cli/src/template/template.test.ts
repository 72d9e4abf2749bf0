import { expect, test } from '@jest/globals';
import { compileTemplate } from './template.ts';

const CONTAINER = {
  Id: 'a1',
  State: { Status: 'running', Running: true, ExitCode: 0 },
  Config: { Labels: { b: '<2>', a: '1' }, Cmd: ['sh', '-c', 'x'], Entrypoint: null },
  NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2' } } },
  Mounts: [],
};

// What Docker's own documentation and its users write.
test.each([
  ['{{.Id}}', 'a1'],
  ['{{ .State.Status }}, {{.State.Running}}, {{.State.ExitCode}}', 'running, true, 0'],
  ['{{json .State}}', '{"Status":"running","Running":true,"ExitCode":0}'],
  ['{{.State | json}}', '{"Status":"running","Running":true,"ExitCode":0}'],
  ['{{.Config.Labels}}', 'map[a:1 b:<2>]'],
  ['{{.Config.Cmd}} {{.Config.Entrypoint}} {{.Mounts}}', '[sh -c x] <nil> []'],
  ['{{json .Config.Labels.b}}', '"<2>"'],
  ['{{slice .Id 1}}{{slice .Config.Cmd 0 1}}{{pad .Id 1 1}}{{printf "%9999999d" 1}}', '1[sh] a1 %!(BADWIDTH)1'],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', '172.17.0.2'],
  ['{{range $name, $net := .NetworkSettings.Networks}}{{$name}}={{$net.IPAddress}} {{end}}', 'bridge=172.17.0.2 '],
  ['{{range $i, $arg := .Config.Cmd}}{{if $i}}, {{end}}{{$arg}}{{end}}', 'sh, -c, x'],
  ['{{range .Mounts}}{{.Source}}{{else}}none{{end}}', 'none'],
  ['{{.NetworkSettings.Networks.bridge.IPAddress}}', '172.17.0.2'],
  ['{{index .Config.Labels "b"}} {{(index .Config.Cmd 1)}}', '<2> -c'],
  ['{{(index .NetworkSettings.Networks "bridge").IPAddress}}', '172.17.0.2'],
  ['{{index .Config.Labels "none"}}', '<no value>'],
  ['{{join .Config.Cmd " "}} {{upper .Id}} {{len .Config.Cmd}}', 'sh -c x A1 3'],
  ['{{if .State.Running}}up{{else}}down{{end}}', 'up'],
  ['{{if not .State.Running}}down{{else if eq .State.ExitCode 0}}fine{{end}}', 'fine'],
  ['{{if and .State.Running (eq .State.Status "running")}}yes{{end}}', 'yes'],
  ['{{with .Config.Entrypoint}}{{.}}{{else}}no entrypoint{{end}}', 'no entrypoint'],
  ['{{with .State}}{{.Status}} of {{$.Id}}{{end}}', 'running of a1'],
  ['{{$s := .State}}{{$s.Status}}', 'running'],
  ['{{printf "%-5s|%5d|%q" .Id 42 "x"}}', 'a1   |   42|"x"'],
  [
    '{{printf "%v %s %d %05d %x %.2f %t %T" .Config.Cmd .Config.Cmd 42 42 255 1.5 true .Id}}',
    '[sh -c x] [sh -c x] 42 00042 ff 1.50 true string',
  ],
  [
    '{{printf "%.2s|%q|%-4d|%+d|%e|%X|%%|%6.1f" "abc" .Config.Cmd 7 7 1234.5 "hi" 2.25}}',
    'ab|["sh" "-c" "x"]|7   |+7|1.234500e+03|6869|%|   2.3',
  ],
  [
    '{{printf "%d %s %d" "x" 1}} {{printf "x" 1}} {{printf "%z" .Id}} {{printf "%"}}',
    '%!d(string=x) %!s(int=1) %!d(MISSING) x%!(EXTRA int=1) %!z(string=a1) %!(NOVERB)',
  ],
  ['a {{- /* a comment */ -}} b', 'ab'],
  ['a  {{- .Id -}}  b', 'aa1b'],
  ['{{"quoted \\"text\\""}} {{`raw`}} {{true}} {{-3}}', 'quoted "text" raw true -3'],
  ['{{split "a,b" ","}} {{title "word"}} {{pad "x" 1 2}}| {{truncate "abcdef" 3}}', '[a b] Word  x  | abc'],
  ['{{define "x"}}<{{.}}>{{end}}{{template "x" .Id}}{{template "x" .State.Status}}', '<a1><running>'],
  ['{{template "later" .Config.Cmd}}{{define "later"}}{{range .}}{{.}} {{end}}{{end}}', 'sh -c x '],
  ['{{block "b" .State}}{{.Status}}{{end}}{{template "b" .State}}', 'runningrunning'],
  ['{{define "x"}}{{.}}{{end}}{{template "x"}}', '<no value>'],
  ['{{define "x"}}{{$}}{{end}}{{with .State}}{{template "x" .ExitCode}}{{end}}', '0'],
  ['{{range .Config.Cmd}}{{if eq . "-c"}}{{break}}{{end}}{{.}} {{end}}', 'sh '],
  ['{{range .Config.Cmd}}{{if eq . "-c"}}{{continue}}{{end}}{{.}} {{end}}', 'sh x '],
  ['{{html .Config.Labels.b}} {{"a\\"b\'&" | html}}', '&lt;2&gt; a&#34;b&#39;&amp;'],
  [String.raw`{{js "it's \"<b>\" = \\"}}{{js "\n"}}`, String.raw`it\'s \"\u003Cb\u003E\" \u003D \\\u000A`],
  ['{{js "é\u00a0"}}', 'é\\u00A0'],
  [
    '{{urlquery "a b/c?d=é&(e)*~-_."}} {{.Config.Labels.b | urlquery}}',
    'a+b%2Fc%3Fd%3D%C3%A9%26%28e%29%2A~-_. %3C2%3E',
  ],
  ['{{print 1 2 "x" 3}} {{html 1 2}}', '1 2x3 1 2'],
  ['no actions', 'no actions'],
])('%s', (source, text) => {
  expect(compileTemplate(source)(CONTAINER)).toBe(text);
});

test.each([
  ['{{.Foo}}', 'template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"'],
  ['{{.State.Foo}}', 'template: :1:8: executing "" at <.State.Foo>: map has no entry for key "Foo"'],
  ['{{.Id.Foo}}', 'template: :1:5: executing "" at <.Id.Foo>: can\'t evaluate field Foo in type string'],
  ['{{slice}}', "error calling slice: can't slice item of type nil"],
  ['{{slice .Id 3}}', 'error calling slice: index out of range: 3'],
  ['{{pad .Id -1 0}}', 'error calling pad: no count of spaces: -1'],
  ['{{foo}}', 'template: :1: function "foo" not defined'],
  ['\n{{if foo}}{{end}}', 'template: :2: function "foo" not defined'],
  ['{{', 'template: :1: unclosed action'],
  ['{{.Id', 'template: :1: unclosed action'],
  ['{{if .Id}}', 'template: :1: unexpected EOF'],
  ['{{end}}', 'template: :1: unexpected {{end}}'],
  ['{{}}', 'template: :1: missing value for command'],
  ['{{if}}x{{end}}', 'template: :1: missing value for if'],
  ['{{.Id | }}', 'template: :1: missing value for command'],
  ['{{(.Id}}', 'template: :1: unclosed left paren'],
  ['{{"abc}}', 'template: :1: unterminated quoted string'],
  ['{{.Id "arg"}}', "can't give argument to non-function .Id"],
  ['{{call .Id}}', 'error calling call: non-function of type string'],
  ['{{call .Config.Entrypoint}}', 'error calling call: call of nil'],
  ['{{$nope}}', 'undefined variable "$nope"'],
  ['{{template "x"}}', 'template: :1: template "x" not defined'],
  ['{{template x}}', 'template: :1: unexpected token in template'],
  ['{{define "x"}}', 'template: :1: unexpected EOF'],
  ['{{if .Id}}{{define "x"}}{{end}}{{end}}', 'template: :1: unexpected {{define}}'],
  ['{{define "x"}}{{foo}}{{end}}', 'function "foo" not defined'],
  ['{{define "x"}}{{template "x"}}{{end}}{{template "x"}}', 'exceeded maximum template depth (1000)'],
  ['{{block "x"}}{{end}}', 'template: :1: missing value for block clause'],
  ['{{break}}', 'template: :1: {{break}} outside {{range}}'],
  ['{{range .Config.Cmd}}{{define "x"}}{{continue}}{{end}}{{end}}', 'template: :1: unexpected {{define}}'],
])('%s is refused', (source, message) => {
  expect(() => compileTemplate(source)(CONTAINER)).toThrow(message);
});

test('names of the prototype are no fields', () => {
  expect(() => compileTemplate('{{.constructor}}')(CONTAINER)).toThrow('no entry for key "constructor"');
  expect(() => compileTemplate('{{toString}}')(CONTAINER)).toThrow('not defined');
  expect(compileTemplate('{{index . "__proto__"}}')(CONTAINER)).toBe('<no value>');
});

test('call calls what the data has of functions', () => {
  const render = compileTemplate('{{call (index . "Label") "x" 1}}');
  expect(render({ Label: (...args: unknown[]) => args.join('+') })).toBe('x+1');
});
