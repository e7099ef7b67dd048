// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/tokenizer_bpe.h"

#include <functional>
#include <queue>
#include <tuple>

namespace npu {
namespace {

// A token so far: bytes [begin, end) of the piece, linked with its neighbours by the offsets at
// which they begin.
struct Part {
  size_t end = 0;
  size_t previous = 0;
  bool alive = true;
};

// A pair that may be merged. Ordered by id, then from the left; `end` tells whether one of the
// parts has changed since.
struct Pair {
  int id;
  size_t begin;
  size_t end;
  bool operator>(const Pair& other) const {
    return std::tie(id, begin) > std::tie(other.id, other.begin);
  }
};

}  // namespace

Result<BytePairMerger> BytePairMerger::create(const std::vector<std::string>& tokens) {
  BytePairMerger merger;
  merger.ids_.reserve(tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) {
    // The empty token of multilingual vocabularies stands for no text. Of equal ones the first
    // counts.
    if (tokens[id].empty()) continue;
    merger.ids_.emplace(tokens[id], static_cast<int>(id));
    merger.longest_bytes_ = std::max(merger.longest_bytes_, tokens[id].size());
  }
  for (int byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    if (merger.find(std::string_view(&character, 1)) < 0) {
      return Error{
          ErrorCode::kBadModel,
          text("vocabulary: expected a token for each of the 256 bytes, found none for ", byte)};
    }
  }
  return merger;
}

int BytePairMerger::find(std::string_view bytes) const {
  if (bytes.size() > longest_bytes_) return -1;
  const auto found = ids_.find(bytes);
  return found == ids_.end() ? -1 : found->second;
}

void BytePairMerger::merge(std::string_view piece, std::vector<int>& ids) const {
  if (piece.empty()) return;
  if (const int id = find(piece); id >= 0) {  // most pieces are one token
    ids.push_back(id);
    return;
  }
  std::vector<Part> parts(piece.size());
  std::priority_queue<Pair, std::vector<Pair>, std::greater<>> pairs;
  const auto offer = [&](size_t begin) {
    const size_t middle = parts[begin].end;
    if (middle >= piece.size()) return;
    const size_t end = parts[middle].end;
    const int id = find(piece.substr(begin, end - begin));
    if (id >= 0) pairs.push({id, begin, end});
  };
  for (size_t i = 0; i < parts.size(); ++i) parts[i] = {i + 1, i == 0 ? 0 : i - 1, true};
  for (size_t i = 0; i + 1 < parts.size(); ++i) offer(i);
  while (!pairs.empty()) {
    const Pair pair = pairs.top();
    pairs.pop();
    if (!parts[pair.begin].alive) continue;
    const size_t middle = parts[pair.begin].end;
    if (middle >= piece.size() || parts[middle].end != pair.end) continue;
    parts[middle].alive = false;
    parts[pair.begin].end = pair.end;
    if (pair.end < piece.size()) parts[pair.end].previous = pair.begin;
    offer(pair.begin);
    if (pair.begin > 0) offer(parts[pair.begin].previous);
  }
  for (size_t at = 0; at < piece.size(); at = parts[at].end) {
    ids.push_back(find(piece.substr(at, parts[at].end - at)));
  }
}

}  // namespace npu
