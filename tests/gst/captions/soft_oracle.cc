// SPDX-License-Identifier: LGPL-2.1-or-later
#include "soft_oracle.h"

#include <glib.h>

#include <algorithm>
#include <limits>

#include "cue_rules.h"

namespace npu::captions {
namespace {

constexpr size_t kWindow = 12;  // words
constexpr int64_t kShortest_ns = 100 * kMs;
constexpr int64_t kNoNext = std::numeric_limits<int64_t>::max() / 2;

using Broken = std::array<bool, 3>;  // brief, lingering, fast

struct Word {
  int64_t start_ns;
  int64_t end_ns;
  unsigned columns;
  unsigned room;   // on a line, in the oracle's units
  bool space;      // before it
  bool must_part;  // the pause before it is too long for a cue
};

unsigned wide_characters(const std::string& text) {
  unsigned wide = 0;
  for (const char* c = text.c_str(); *c != '\0'; c = g_utf8_next_char(c)) {
    const gunichar character = g_utf8_get_char(c);
    wide += g_unichar_iswide(character) && !g_unichar_iszerowidth(character) ? 1 : 0;
  }
  return wide;
}

bool ends_sentence(std::string text) {
  while (text.ends_with("\"")) text.pop_back();
  for (const char* mark : {".", "?", "!", "…", "。", "？", "！", "؟", "।"}) {
    if (text.ends_with(mark)) return true;
  }
  return false;
}

bool ends_clause(std::string text) {
  while (text.ends_with("\"")) text.pop_back();
  for (const char* mark : {",", ";", ":", "—", "–", "、", "，", "；", "：", "،", "؛"}) {
    if (text.ends_with(mark)) return true;
  }
  return ends_sentence(text);
}

class Oracle {
 public:
  Oracle(const CueShape& shape, const std::vector<CaptionWord>& words)
      : shape_(shape), narrow_(std::min(shape.max_line_wide_chars, shape.max_line_chars / 2)) {
    for (size_t index = 0; index < words.size(); ++index) {
      const CaptionWord& word = words[index];
      const bool space = word.text.starts_with(' ');
      const std::string text = space ? word.text.substr(1) : word.text;
      Word known{word.start_ns,
                 std::min(word.end_ns, word.start_ns + shape.max_duration_ns),
                 glib_columns(text),
                 0,
                 space,
                 index == 0};
      const unsigned wide = wide_characters(text);
      known.room = narrow_ * (known.columns - 2 * wide) + shape.max_line_chars * wide;
      if (index > 0) {
        Word& before = words_.back();
        before.end_ns = std::min(before.end_ns, known.start_ns);
        const int64_t pause_ns = known.start_ns - before.end_ns;
        known.must_part = pause_ns > shape.sentence_pause_ns ||
                          (pause_ns >= shape.cue_pause_ns && ends_sentence(words[index - 1].text));
      }
      words_.push_back(known);
    }
  }

  int64_t start_of(size_t word) const {
    return word < words_.size() ? words_[word].start_ns : kNoNext;
  }
  int64_t end_of_word(size_t word) const { return words_[word].end_ns; }

  // Whether the words begin .. end can be a cue: first fit, which needs the fewest lines.
  bool possible(size_t begin, size_t end) const {
    if (words_[end - 1].end_ns - shape_.min_gap_ns - words_[begin].start_ns >
        shape_.max_duration_ns) {
      return false;
    }
    // No room to show it at all before the next cue.
    if (start_of(end) - words_[begin].start_ns < kShortest_ns + shape_.min_gap_ns) return false;
    const unsigned limit = narrow_ * shape_.max_line_chars;
    unsigned lines = 1;
    unsigned used = 0;
    for (size_t index = begin; index < end; ++index) {
      if (index > begin && words_[index].must_part) return false;
      const unsigned space = words_[index].space && used > 0 ? narrow_ : 0;
      if (used > 0 && used + space + words_[index].room > limit) {
        ++lines;
        used = words_[index].room;
      } else {
        used += space + words_[index].room;
      }
    }
    return lines <= shape_.max_lines;
  }

  // What words begin .. end break as a cue, if its end is chosen for the rules in their order.
  Broken broken(size_t begin, size_t end) const {
    const int64_t start_ns = words_[begin].start_ns;
    const int64_t spoken_ns = words_[end - 1].end_ns;
    const int64_t next_ns = start_of(end);
    const int64_t latest_ns =
        std::min(start_ns + shape_.max_duration_ns, next_ns - shape_.min_gap_ns);
    const bool closes = next_ns - spoken_ns < shape_.chain_gap_ns;
    const int64_t lingered_ns =
        closes ? latest_ns : std::min(latest_ns, spoken_ns + shape_.linger_ns);
    const int64_t brief_ns = std::min(latest_ns, start_ns + shape_.min_duration_ns);
    const int64_t end_ns = std::max(lingered_ns, brief_ns);
    return broken_at(start_ns, end_ns, spoken_ns, closes, columns(begin, end));
  }

  Broken broken_at(int64_t start_ns, int64_t end_ns, int64_t spoken_ns, bool closes,
                   unsigned columns) const {
    const double most = shape_.max_chars_per_s * static_cast<double>(end_ns - start_ns) / 1e9;
    return {end_ns - start_ns < shape_.min_duration_ns,
            !closes && end_ns > spoken_ns + shape_.linger_ns,
            shape_.max_chars_per_s > 0 && columns > most + 1e-6};
  }

  unsigned columns(size_t begin, size_t end) const {
    unsigned sum = 0;
    for (size_t index = begin; index < end; ++index) {
      sum += words_[index].columns + (words_[index].space && index > begin ? 1 : 0);
    }
    return sum;
  }

  // Tries all divisions of the words begin .. end into cues whose inner places are free from
  // `free_begin` to `free_end` and as in `places` elsewhere. True if one keeps `rule` and breaks
  // the rules before it at most `allowed` times.
  bool keeps(size_t rule, size_t begin, size_t end, size_t free_begin, size_t free_end,
             const std::vector<bool>& places, std::array<int, 3> allowed) const {
    if (begin == end) return true;
    for (size_t cut = begin + 1; cut <= end; ++cut) {
      const bool is_free = cut >= free_begin && cut < free_end && cut < end;
      if (is_free || cut == end || places[cut]) {
        if (!possible(begin, cut)) return false;
        const Broken now = broken(begin, cut);
        std::array<int, 3> left = allowed;
        bool good = !now[rule];
        for (size_t before = 0; before < rule; ++before) {
          left[before] -= now[before] ? 1 : 0;
          good = good && left[before] >= 0;
        }
        if (good && keeps(rule, cut, end, free_begin, free_end, places, left)) return true;
      }
      if (!is_free && cut < end && places[cut]) return false;
    }
    return false;
  }

 private:
  CueShape shape_;
  unsigned narrow_;  // room of a narrow column; a wide character takes max_line_chars of them
  std::vector<Word> words_;
};

constexpr const char* kRules[] = {"minimum duration", "linger", "reading speed"};

}  // namespace

SoftResult judge_soft_rules(const CueShape& shape, const std::vector<CaptionWord>& words,
                            const std::vector<Cue>& cues) {
  const Oracle oracle(shape, words);
  SoftResult result;
  std::vector<size_t> begins;  // of cues, in words; the end after the last
  std::vector<bool> places(words.size() + 1, false);
  size_t used = 0;
  for (const Cue& cue : cues) {
    begins.push_back(used);
    places[used] = true;
    used += cue.words.size();
  }
  begins.push_back(used);
  places[used] = true;

  std::vector<Broken> broken;
  for (size_t index = 0; index < cues.size(); ++index) {
    const Cue& cue = cues[index];
    const size_t end = begins[index + 1];
    const int64_t spoken_ns = oracle.end_of_word(end - 1);
    const bool closes = oracle.start_of(end) - spoken_ns < shape.chain_gap_ns;
    broken.push_back(oracle.broken_at(cue.start_ns, cue.end_ns, spoken_ns, closes,
                                      oracle.columns(begins[index], end)));
    for (size_t rule = 0; rule < 3; ++rule) result.broken[rule] += broken.back()[rule] ? 1 : 0;
  }

  for (size_t index = 0; index < cues.size() && result.avoidable.empty(); ++index) {
    for (size_t rule = 0; rule < 3; ++rule) {
      if (!broken[index][rule]) continue;
      // The twelve words are tried at every place that touches the cue.
      const size_t first = begins[index] > kWindow ? begins[index] - kWindow : 0;
      for (size_t free = first; free <= begins[index + 1] && result.avoidable.empty(); ++free) {
        const size_t free_begin = free + 1;
        const size_t free_end = std::min(free + kWindow, words.size());
        size_t from = index;
        while (from > 0 && begins[from] >= free_begin) --from;
        size_t to = index + 1;
        while (to < cues.size() && begins[to] < free_end) ++to;
        std::array<int, 3> allowed = {0, 0, 0};
        for (size_t touched = from; touched < to; ++touched) {
          for (size_t before = 0; before < rule; ++before) {
            allowed[before] += broken[touched][before] ? 1 : 0;
          }
        }
        if (oracle.keeps(rule, begins[from], begins[to], free_begin, free_end, places, allowed)) {
          result.avoidable = "cue " + std::to_string(index) + " need not break " + kRules[rule] +
                             " if words " + std::to_string(free) + " to " +
                             std::to_string(free_end) + " are divided otherwise";
        }
      }
    }
  }
  return result;
}

bool ends_with_punctuation(const std::string& text) {
  return ends_clause(text);
}

std::vector<size_t> ends_that_miss_punctuation(const CueShape& shape,
                                               const std::vector<CaptionWord>& words,
                                               const std::vector<Cue>& cues) {
  const Oracle oracle(shape, words);
  const auto keeps = [&](size_t begin, size_t end) {
    const Broken broken = oracle.broken(begin, end);
    return oracle.possible(begin, end) && !broken[0] && !broken[1] && !broken[2];
  };
  std::vector<size_t> missed;
  size_t begin = 0;
  for (size_t index = 0; index + 1 < cues.size(); ++index) {
    const size_t end = begin + cues[index].words.size();
    const size_t next_end = end + cues[index + 1].words.size();
    // A pause that no cue may hold ends it anyway.
    const bool inside = !ends_clause(words[end - 1].text) && oracle.possible(end - 1, end + 1);
    for (size_t cut = begin + 1; inside && cut < end; ++cut) {
      if (!ends_clause(words[cut - 1].text) || !keeps(begin, cut) || !keeps(cut, next_end))
        continue;
      missed.push_back(index);
      break;
    }
    begin = end;
  }
  return missed;
}

}  // namespace npu::captions
