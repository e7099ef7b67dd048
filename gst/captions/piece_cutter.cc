// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/piece_cutter.h"

#include <algorithm>

namespace npu::captions {
namespace {

void trim(std::string& text) {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  text.erase(0, begin);
  while (!text.empty() && text.back() == ' ') text.pop_back();
}

}  // namespace

PieceCutter::PieceCutter(const CueShape& shape)
    : room_(shape), max_lines_(shape.max_lines), lines_(BreakKind::kLine, "") {}

// Adds `text`, which is wider than a line, in pieces as wide as a line.
void PieceCutter::add_clusters(std::string_view text, std::vector<std::string>& parts) {
  const std::vector<size_t> ends = ruler_.clusters(text);
  std::string part;
  int64_t used = 0;
  for (size_t index = 1; index < ends.size(); ++index) {
    const std::string cluster(text.substr(ends[index - 1], ends[index] - ends[index - 1]));
    const int64_t room = room_.of(ruler_.measure(cluster));
    if (!part.empty() && used + room > room_.limit()) {
      parts.push_back(std::move(part));
      part.clear();
      used = 0;
    }
    part += cluster;
    used += room;
  }
  parts.push_back(std::move(part));
}

std::vector<std::string> PieceCutter::parts(std::string_view text) {
  lines_.set_text(text);
  const std::vector<size_t> ends = lines_.boundaries();
  std::vector<std::string> found;
  std::string part;
  for (size_t index = 1; index < ends.size(); ++index) {
    const std::string_view next = text.substr(ends[index - 1], ends[index] - ends[index - 1]);
    std::string longer = part + std::string(next);
    trim(longer);
    if (room_.of(ruler_.measure(longer)) <= room_.limit()) {
      part += next;
      continue;
    }
    if (!part.empty()) found.push_back(std::move(part));
    part = next;
    std::string alone = part;
    trim(alone);
    if (room_.of(ruler_.measure(alone)) <= room_.limit()) continue;
    add_clusters(alone, found);
    part = std::move(found.back());
    found.pop_back();
  }
  if (!part.empty()) found.push_back(std::move(part));
  for (std::string& piece : found) trim(piece);
  std::erase(found, std::string());
  return found;
}

std::vector<Piece> PieceCutter::cut(JoinedWord word) {
  std::vector<Piece> pieces;
  TextExtent extent = ruler_.measure(word.text);
  if (room_.of(extent) <= room_.limit()) {
    pieces.push_back({std::move(word.text), extent, std::move(word.language), word.space_before,
                      true, BreakQuality::kSentence, word.start_ns, word.end_ns,
                      std::move(word.words)});
    return pieces;
  }
  const std::vector<std::string> texts = parts(word.text);
  const auto count = static_cast<int64_t>(texts.size());
  const int64_t each_ns = (word.end_ns - word.start_ns) / count;
  for (int64_t index = 0; index < count; ++index) {
    const std::string& text = texts[static_cast<size_t>(index)];
    const int64_t start_ns = word.start_ns + index * each_ns;
    const bool last = index + 1 == count;
    pieces.push_back({text, ruler_.measure(text), word.language, index == 0 && word.space_before,
                      texts.size() > max_lines_ ? index % max_lines_ == 0 : index == 0,
                      BreakQuality::kInside, start_ns, last ? word.end_ns : start_ns + each_ns});
  }
  pieces.front().words = std::move(word.words);
  return pieces;
}

}  // namespace npu::captions
