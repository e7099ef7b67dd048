// SPDX-License-Identifier: LGPL-2.1-or-later
// Drops and clamps.
#include "heard_part.h"

#include <algorithm>

namespace npu::gst {

std::optional<Segment> heard_part(const Segment& segment, double end_s) {
  if (segment.start_s >= end_s) return std::nullopt;
  Segment heard = segment;
  heard.end_s = std::min(heard.end_s, end_s);
  if (heard.words.empty()) return heard;
  std::erase_if(heard.words, [end_s](const Word& word) { return word.start_s >= end_s; });
  if (heard.words.empty()) return std::nullopt;
  for (Word& word : heard.words) word.end_s = std::min(word.end_s, end_s);
  if (heard.words.size() == segment.words.size()) return heard;
  heard.text.clear();
  for (const Word& word : heard.words) heard.text += word.text;
  return heard;
}

}  // namespace npu::gst
