// SPDX-License-Identifier: LGPL-2.1-or-later
// The languages that Whisper knows, in the order of their ids, and the names people give them.
// Source of order and names: openai/whisper:whisper/tokenizer.py, LANGUAGES and TO_LANGUAGE_CODE.
#include <algorithm>
#include <array>
#include <utility>

#include "model/tokenizer.h"

namespace npu {
namespace {

constexpr std::array<std::string_view, 100> kCodes = {
    "en", "zh", "de", "es",  "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv",
    "it", "id", "hi", "fi",  "vi", "he", "uk", "el", "ms", "cs", "ro", "da", "hu", "ta", "no",
    "th", "ur", "hr", "bg",  "lt", "la", "mi", "ml", "cy", "sk", "te", "fa", "lv", "bn", "sr",
    "az", "sl", "kn", "et",  "mk", "br", "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw",
    "gl", "mr", "pa", "si",  "km", "sn", "yo", "so", "af", "oc", "ka", "be", "tg", "sd", "gu",
    "am", "yi", "lo", "uz",  "fo", "ht", "ps", "tk", "nn", "mt", "sa", "lb", "my", "bo", "tl",
    "mg", "as", "tt", "haw", "ln", "ha", "ba", "jw", "su", "yue"};

constexpr std::array<std::string_view, 100> kNames = {
    "english",  "chinese",    "german",         "spanish",     "russian",    "korean",
    "french",   "japanese",   "portuguese",     "turkish",     "polish",     "catalan",
    "dutch",    "arabic",     "swedish",        "italian",     "indonesian", "hindi",
    "finnish",  "vietnamese", "hebrew",         "ukrainian",   "greek",      "malay",
    "czech",    "romanian",   "danish",         "hungarian",   "tamil",      "norwegian",
    "thai",     "urdu",       "croatian",       "bulgarian",   "lithuanian", "latin",
    "maori",    "malayalam",  "welsh",          "slovak",      "telugu",     "persian",
    "latvian",  "bengali",    "serbian",        "azerbaijani", "slovenian",  "kannada",
    "estonian", "macedonian", "breton",         "basque",      "icelandic",  "armenian",
    "nepali",   "mongolian",  "bosnian",        "kazakh",      "albanian",   "swahili",
    "galician", "marathi",    "punjabi",        "sinhala",     "khmer",      "shona",
    "yoruba",   "somali",     "afrikaans",      "occitan",     "georgian",   "belarusian",
    "tajik",    "sindhi",     "gujarati",       "amharic",     "yiddish",    "lao",
    "uzbek",    "faroese",    "haitian creole", "pashto",      "turkmen",    "nynorsk",
    "maltese",  "sanskrit",   "luxembourgish",  "myanmar",     "tibetan",    "tagalog",
    "malagasy", "assamese",   "tatar",          "hawaiian",    "lingala",    "hausa",
    "bashkir",  "javanese",   "sundanese",      "cantonese"};

using Alias = std::pair<std::string_view, std::string_view>;

// Other names that the reference accepts, then codes of ISO 639 and BCP 47 for languages that
// Whisper calls by another code.
constexpr Alias kAliases[] = {
    {"burmese", "my"},
    {"valencian", "ca"},
    {"flemish", "nl"},
    {"haitian", "ht"},
    {"letzeburgesch", "lb"},
    {"pushto", "ps"},
    {"panjabi", "pa"},
    {"moldavian", "ro"},
    {"moldovan", "ro"},
    {"sinhalese", "si"},
    {"castilian", "es"},
    {"mandarin", "zh"},
    {"cmn", "zh"},
    {"fil", "tl"},
    {"in", "id"},
    {"iw", "he"},
    {"ji", "yi"},
    {"jv", "jw"},
    {"mo", "ro"},
    {"nb", "no"},
};

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<std::string> exact(std::string_view name) {
  if (std::find(kCodes.begin(), kCodes.end(), name) != kCodes.end()) return std::string(name);
  const auto named = std::find(kNames.begin(), kNames.end(), name);
  if (named != kNames.end())
    return std::string(kCodes[static_cast<size_t>(named - kNames.begin())]);
  const auto alias = std::find_if(std::begin(kAliases), std::end(kAliases),
                                  [&](const Alias& a) { return a.first == name; });
  if (alias != std::end(kAliases)) return std::string(alias->second);
  return std::nullopt;
}

}  // namespace

std::span<const std::string_view> language_codes() {
  return kCodes;
}

std::span<const std::string_view> language_names() {
  return kNames;
}

std::optional<std::string> find_language(std::string_view name) {
  const std::string wanted = lower(name);
  if (auto code = exact(wanted)) return code;
  // A tag: its primary subtag is a code of two or three letters, so that "german-ish" is none.
  const size_t end = wanted.find_first_of("-_");
  if (end != 2 && end != 3) return std::nullopt;
  return exact(std::string_view(wanted).substr(0, end));
}

}  // namespace npu
