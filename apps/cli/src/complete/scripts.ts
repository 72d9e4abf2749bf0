// What shells run to complete a command line: each asks `berth __complete` with the words up to the cursor, and completes files where that says nothing.

// Bash takes colons for the ends of words, so what stands before one is no part of an answer.
const BASH = `# berth completion bash > /etc/bash_completion.d/berth, or: source <(berth completion bash)
_berth() {
  local line=\${COMP_LINE:0:COMP_POINT} words current answer
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=\${words[-1]}
  COMPREPLY=()
  while IFS= read -r answer; do
    answer=\${answer%%$'\\t'*}
    COMPREPLY+=("\${answer#"\${current%"\${current##*[:=]}"}"}")
    [[ $answer == *[:=] ]] && compopt -o nospace
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _berth berth
`;

const ZSH = `#compdef berth
# berth completion zsh > "\${fpath[1]}/_berth", or: source <(berth completion zsh)
_berth() {
  local -a answers candidates suffix
  local answer word
  answers=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for answer in $answers; do
    word=\${answer%%$'\\t'*}
    [[ $word == *[:=] ]] && suffix=(-S '')
    candidates+=("\${word//:/\\\\:}\${\${answer#"$word"}/$'\\t'/:}")
  done
  if (( $#candidates )); then _describe berth candidates $suffix; else _files; fi
}
if [[ $funcstack[1] == _berth ]]; then _berth "$@"; else compdef _berth berth; fi
`;

const FISH = `# berth completion fish > ~/.config/fish/completions/berth.fish, or: berth completion fish | source
function __berth_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answers ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
    if test (count $answers) -gt 0
        printf '%s\\n' $answers
    else
        __fish_complete_path "$current"
    end
end
complete -c berth -f -a '(__berth_complete)'
`;

/** By the name of the shell. */
export const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ['bash', BASH],
  ['fish', FISH],
  ['zsh', ZSH],
]);
