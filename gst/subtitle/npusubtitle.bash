# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of npusubtitle(1) for bash.

# The last of several names with commas between.
_npusubtitle_list() {
  local before=""
  [[ $2 == *,* ]] && before=${2%,*},
  COMPREPLY=($(compgen -P "$before" -W "$1" -- "${2##*,}"))
}

_npusubtitle() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  # --option=value comes as three words.
  [[ $current == "=" ]] && current=""
  [[ $previous == "=" ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
  local folder=${NPUWHISPER_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/npuwhisper/models}
  case $previous in
    -f | --format) _npusubtitle_list "srt vtt txt json" "$current" ;;
    -d | --device) COMPREPLY=($(compgen -W "auto cpu npu" -- "$current")) ;;
    --task) COMPREPLY=($(compgen -W "transcribe translate" -- "$current")) ;;
    --container) COMPREPLY=($(compgen -W "mkv mp4" -- "$current")) ;;
    --precision) COMPREPLY=($(compgen -W "auto f32 int8 bf16 npu" -- "$current")) ;;
    --vad) COMPREPLY=($(compgen -W "auto on off" -- "$current")) ;;
    -m | --model)
      COMPREPLY=($(compgen -W "$(ls "$folder" 2>/dev/null)" -- "$current") $(compgen -f -- "$current"))
      ;;
    -o | --output) COMPREPLY=($(compgen -f -- "$current")) ;;
    -t | --track | -l | --language | -j | --jobs | --threads | --device-index | --beam-size | \
      --best-of | --temperature | --initial-prompt | --from | --to | --set | --quality | --font | --max-line | \
      --max-lines | --min-duration | --max-duration | --max-cps | --min-gap | --chain-gap | --linger)
      COMPREPLY=()
      ;;
    *)
      if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "--format= --output= --recursive --jobs= --skip-existing --force
          --track= --from= --to= --embed --burn --container= --quality= --font= --model=
          --device= --device-index= --threads= --precision= --language= --task=
          --translate --beam-size= --best-of= --temperature= --initial-prompt= --exact --set=
          --words --word-timestamps --max-line= --max-lines= --min-duration= --max-duration= --max-cps=
          --min-gap= --chain-gap= --linger= --vad= --quiet --profile --json --self-test --version
          --help" -- "$current"))
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
      else
        COMPREPLY=($(compgen -f -- "$current"))
      fi
      ;;
  esac
}
complete -o filenames -F _npusubtitle npusubtitle
