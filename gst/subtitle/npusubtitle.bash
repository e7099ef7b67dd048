# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of npusubtitle(1) for bash.
_npusubtitle() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  # --option=value comes as three words.
  [[ $current == "=" ]] && current=""
  [[ $previous == "=" ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
  local folder=${NPUWHISPER_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/npuwhisper/models}
  case $previous in
    -f | --format) COMPREPLY=($(compgen -W "srt vtt txt json" -- "$current")) ;;
    -d | --device) COMPREPLY=($(compgen -W "auto cpu npu" -- "$current")) ;;
    --task) COMPREPLY=($(compgen -W "transcribe translate" -- "$current")) ;;
    -m | --model)
      COMPREPLY=($(compgen -W "$(ls "$folder" 2>/dev/null)" -- "$current") $(compgen -f -- "$current"))
      ;;
    -t | --track | -l | --language | --threads | --device-index | --beam-size | --best-of | \
      --temperature | --initial-prompt) COMPREPLY=() ;;
    *)
      if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "--format= --output= --force --track= --model= --device=
          --device-index= --threads= --language= --task= --translate --beam-size= --best-of=
          --temperature= --initial-prompt= --word-timestamps --exact --quiet --profile --json
          --self-test --version --help" -- "$current"))
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
      else
        COMPREPLY=($(compgen -f -- "$current"))
      fi
      ;;
  esac
}
complete -o filenames -F _npusubtitle npusubtitle
