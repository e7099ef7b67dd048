// SPDX-License-Identifier: LGPL-2.1-or-later
// Words as Whisper gives them to words that can be laid out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "captions/caption.h"
#include "captions/cue_shaper.h"
#include "captions/text_extent.h"

namespace npu::captions {

// A word whose times are settled; several if they share a grapheme cluster.
struct JoinedWord {
  std::string text;
  std::string language;
  bool space_before = false;
  bool ends_stretch = false;  // the pause behind it is too long for one cue
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  std::vector<CaptionWord> words = {};
};

// Cleans texts, drops words that show nothing, settles times (starts never decrease, an end does
// not lie behind the next start, no word lasts longer than a cue may) and keeps grapheme clusters
// whole. A word comes out when the one after it is known. One thread at a time.
class WordJoiner {
 public:
  explicit WordJoiner(const CueShape& shape);

  // The word before `word`, or nothing.
  std::optional<JoinedWord> push(const CaptionWord& word, const std::string& language);
  // The last word, if what follows cannot be in its cue; nothing if it can, or is out already.
  std::optional<JoinedWord> silent_until(int64_t until_ns);
  // The last word.
  std::optional<JoinedWord> finish();

  void clear();
  // The word that is not out yet, null if there is none.
  const JoinedWord* held() const { return held_ ? &*held_ : nullptr; }

 private:
  bool shares_cluster(const std::string& text, int64_t start_ns, int64_t end_ns);
  bool parts(int64_t next_start_ns) const;
  std::optional<JoinedWord> release();

  CueShape shape_;
  TextRuler ruler_;
  std::optional<JoinedWord> held_;
  bool space_after_ = false;  // behind the held word
  int64_t earliest_ns_;       // no word begins before this
};

}  // namespace npu::captions
