// SPDX-License-Identifier: LGPL-2.1-or-later
// tests/data/reference/word_times.json: what the reference's functions gave for small inputs.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "corpus.h"
#include "whisper/word_times.h"

namespace npu::testing {

inline const nlohmann::json& word_times_reference() {
  static const nlohmann::json document = [] {
    std::ifstream in(data_folder() / "reference" / "word_times.json");
    return nlohmann::json::parse(in);
  }();
  return document;
}

// [[text, tokens, start, end, probability], ...]
inline std::vector<WordTiming> read_words(const nlohmann::json& list) {
  std::vector<WordTiming> words;
  for (const auto& word : list) words.push_back({word[0], word[1], word[2], word[3], word[4]});
  return words;
}

// The segments of a window: [[start, end, text, tokens], ...]
inline std::vector<Segment> read_segments(const nlohmann::json& window) {
  std::vector<Segment> segments;
  for (const auto& segment : window["segments"])
    segments.push_back(
        {window["seek"], segment[0], segment[1], segment[2], segment[3], {}, 0, 0, 0, 0});
  return segments;
}

}  // namespace npu::testing
