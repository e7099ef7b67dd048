// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cue_rules.h"

#include <glib.h>

#include <algorithm>
#include <limits>

namespace npu::captions {
namespace {

// Times beyond this count as this.
constexpr int64_t kFarthest_ns = int64_t{1} << 60;

std::string at(size_t index) {
  return "cue " + std::to_string(index) + ": ";
}

bool invisible(gunichar c) {
  const GUnicodeType type = g_unichar_type(c);
  return g_unichar_isspace(c) || type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
         type == G_UNICODE_SPACE_SEPARATOR || type == G_UNICODE_LINE_SEPARATOR ||
         type == G_UNICODE_PARAGRAPH_SEPARATOR || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x34F ||
         c == 0x115F || c == 0x1160 || c == 0x3164;
}

// With bytes that are not UTF-8 replaced.
std::string valid_text(const std::string& text) {
  char* valid = g_utf8_make_valid(text.c_str(), static_cast<gssize>(text.size()));
  const std::string part = valid;
  g_free(valid);
  return part;
}

std::string broken_line_rule(const CueShape& shape, const std::string& line) {
  if (!g_utf8_validate(line.c_str(), static_cast<gssize>(line.size()), nullptr)) {
    return "line is not UTF-8";
  }
  if (!shows_something(line)) return "blank line";
  if (line.find("-->") != std::string::npos) return "arrow in a line";
  if (line.front() == ' ' || line.back() == ' ') return "space at the end of a line";
  for (const char* c = line.c_str(); *c != '\0'; c = g_utf8_next_char(c)) {
    if (g_unichar_iscntrl(g_utf8_get_char(c))) return "control character in a line";
  }
  const unsigned columns = glib_columns(line);
  if (columns > shape.max_line_chars) return "line of " + std::to_string(columns) + " columns";
  return "";
}

std::string broken_cue_rule(const CueShape& shape, const Cue& cue) {
  if (cue.lines.empty()) return "no text";
  if (cue.lines.size() > shape.max_lines) return std::to_string(cue.lines.size()) + " lines";
  for (const std::string& line : cue.lines) {
    const std::string broken = broken_line_rule(shape, line);
    if (!broken.empty()) return broken + ": " + line;
  }
  const int64_t length_ns = cue.end_ns - cue.start_ns;
  if (length_ns <= 0) return "no duration";
  if (length_ns > shape.max_duration_ns) return "lasts " + std::to_string(length_ns) + " ns";
  return "";
}

// When the last word of `cue` ends, as far as cues are concerned: not after the next word starts,
// and not later than a cue may last.
int64_t last_word_end_ns(const CueShape& shape, const Cue& cue, const CaptionWord* next) {
  const CaptionWord& last = cue.words.back();
  const int64_t start_ns = std::clamp(last.start_ns, -kFarthest_ns, kFarthest_ns);
  const int64_t end_ns = std::min(last.end_ns, start_ns + shape.max_duration_ns);
  return next == nullptr ? end_ns : std::min(end_ns, std::max(next->start_ns, start_ns));
}

// Whether a word may be too wide for `cue`, and go on in the next one.
bool may_go_on(const CueShape& shape, const Cue& cue) {
  const unsigned room =
      shape.max_lines * std::min(shape.max_line_chars / 2, shape.max_line_wide_chars);
  return cue.words.empty() ||
         std::any_of(cue.words.begin(), cue.words.end(), [&](const CaptionWord& word) {
           return glib_columns(valid_text(word.text)) > room;
         });
}

bool same(const CaptionWord& a, const CaptionWord& b) {
  return a.text == b.text && a.start_ns == b.start_ns && a.end_ns == b.end_ns;
}

}  // namespace

unsigned glib_columns(const std::string& text) {
  unsigned columns = 0;
  for (const char* c = text.c_str(); *c != '\0'; c = g_utf8_next_char(c)) {
    const gunichar character = g_utf8_get_char(c);
    if (character == 0x200D) {  // joins emoji to one
      c = g_utf8_next_char(c);
      if (*c == '\0') break;
      continue;
    }
    if (g_unichar_iszerowidth(character)) continue;
    columns += g_unichar_iswide(character) ? 2 : 1;
  }
  return columns;
}

bool shows_something(const std::string& text) {
  const std::string valid = valid_text(text);
  bool visible = false;
  for (const char* c = valid.c_str(); *c != '\0'; c = g_utf8_next_char(c)) {
    visible = visible || !invisible(g_utf8_get_char(c));
  }
  return visible;
}

std::string broken_hard_rule(const CueShape& shape, const std::vector<CaptionWord>& words,
                             const std::vector<Cue>& cues) {
  std::vector<CaptionWord> visible;
  std::copy_if(words.begin(), words.end(), std::back_inserter(visible),
               [](const CaptionWord& word) { return shows_something(word.text); });
  size_t used = 0;
  int64_t latest_start_ns = std::numeric_limits<int64_t>::min();
  for (size_t index = 0; index < cues.size(); ++index) {
    const Cue& cue = cues[index];
    const std::string broken = broken_cue_rule(shape, cue);
    if (!broken.empty()) return at(index) + broken;
    for (const CaptionWord& word : cue.words) {
      if (used == visible.size()) return at(index) + "a word too many: " + word.text;
      if (!same(word, visible[used])) return at(index) + "not the next word: " + word.text;
      ++used;
    }
    if (!cue.words.empty()) {
      latest_start_ns = std::max(latest_start_ns, cue.words.front().start_ns);
      const bool begins_inside = index > 0 && may_go_on(shape, cues[index - 1]);
      if (!begins_inside && cue.start_ns < std::min(latest_start_ns, kFarthest_ns)) {
        return at(index) + "starts before its first word";
      }
      for (const CaptionWord& word : cue.words) {
        latest_start_ns = std::max(latest_start_ns, word.start_ns);
      }
      const CaptionWord* next = used < visible.size() ? &visible[used] : nullptr;
      if (!may_go_on(shape, cue) &&
          cue.end_ns < last_word_end_ns(shape, cue, next) - shape.min_gap_ns) {
        return at(index) + "ends before its last word";
      }
    }
    if (index == 0) continue;
    const int64_t gap_ns = cue.start_ns - cues[index - 1].end_ns;
    if (gap_ns < shape.min_gap_ns) return at(index) + "gap of " + std::to_string(gap_ns) + " ns";
  }
  if (used < visible.size()) return "lost word: " + visible[used].text;
  return "";
}

std::vector<Cue> shaped(const CueShape& shape, const WordStream& stream) {
  CueShaper shaper(shape);
  shaper.set_language(stream.language);
  std::vector<Cue> cues = shaper.push(stream.words);
  for (Cue& cue : shaper.finish()) cues.push_back(std::move(cue));
  return cues;
}

std::string listing(const std::vector<Cue>& cues) {
  std::string list;
  for (const Cue& cue : cues) {
    list += std::to_string(cue.start_ns) + " " + std::to_string(cue.end_ns) + " ";
    for (const std::string& line : cue.lines) list += line + "|";
    list += " " + std::to_string(cue.words.size()) + "\n";
  }
  return list;
}

}  // namespace npu::captions
