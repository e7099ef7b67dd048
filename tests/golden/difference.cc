// SPDX-License-Identifier: LGPL-2.1-or-later
#include "difference.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace npu::testing {
namespace {

// The reference's times are printed with two decimals.
constexpr double kPrinted = 0.005 + 1e-9;

bool near(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance;
}

Difference differs(std::string what, std::string details, size_t segment = 0) {
  Difference difference;
  difference.what = std::move(what);
  difference.details = std::move(details);
  difference.segment = segment;
  return difference;
}

std::optional<Difference> difference_of_tokens(const Segment& expected, const Segment& found) {
  const auto [e, f] = std::mismatch(expected.tokens.begin(), expected.tokens.end(),
                                    found.tokens.begin(), found.tokens.end());
  if (e == expected.tokens.end() && f == found.tokens.end()) return std::nullopt;
  Difference difference;
  difference.what = "tokens";
  difference.token = static_cast<size_t>(e - expected.tokens.begin());
  if (e != expected.tokens.end()) difference.expected = *e;
  if (f != found.tokens.end()) difference.found = *f;
  difference.details = text("'", found.text, "' instead of '", expected.text, "'");
  return difference;
}

std::optional<Difference> difference_of_words(const Segment& expected, const Segment& found) {
  if (expected.words.size() != found.words.size())
    return differs("words", text(found.words.size(), " words instead of ", expected.words.size()));
  for (size_t i = 0; i < expected.words.size(); ++i) {
    const Word &e = expected.words[i], &f = found.words[i];
    if (e.text != f.text)
      return differs("word text", text("'", f.text, "' instead of '", e.text, "'"));
    if (!near(e.start_s, f.start_s, kWordToleranceS + kPrinted) ||
        !near(e.end_s, f.end_s, kWordToleranceS + kPrinted))
      return differs("word times", text("'", e.text, "' ", f.start_s, "-", f.end_s, " instead of ",
                                        e.start_s, "-", e.end_s));
  }
  return std::nullopt;
}

std::optional<Difference> difference_of_segments(const Segment& expected, const Segment& found) {
  if (expected.seek != found.seek)
    return differs("seek", text(found.seek, " instead of ", expected.seek));
  if (auto difference = difference_of_tokens(expected, found)) return difference;
  if (expected.text != found.text)
    return differs("text", text("'", found.text, "' instead of '", expected.text, "'"));
  if (auto difference = difference_of_words(expected, found)) return difference;
  if (!near(expected.start_s, found.start_s, kPrinted) ||
      !near(expected.end_s, found.end_s, kPrinted))
    return differs("segment times", text(found.start_s, "-", found.end_s, " instead of ",
                                         expected.start_s, "-", expected.end_s));
  if (!near(expected.temperature, found.temperature, 1e-6))
    return differs("temperature", text(found.temperature, " instead of ", expected.temperature));
  return std::nullopt;
}

std::vector<std::string> words_of(std::string_view content) {
  std::istringstream in{std::string(content)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::optional<Difference> first_difference(const GoldenLine& golden, const Transcription& found) {
  if (golden.language != found.language)
    return differs("language", text(found.language, " instead of ", golden.language));
  const size_t common = std::min(golden.segments.size(), found.segments.size());
  for (size_t i = 0; i < common; ++i) {
    if (auto difference = difference_of_segments(golden.segments[i], found.segments[i])) {
      difference->segment = i;
      return difference;
    }
  }
  if (golden.segments.size() != found.segments.size())
    return differs("segments", text(found.segments.size(), " instead of ", golden.segments.size()),
                   common);
  if (golden.text != found.text) return differs("whole text", "");
  if (golden.fallbacks && *golden.fallbacks != found.fallbacks)
    return differs("fallbacks", text(found.fallbacks, " instead of ", *golden.fallbacks));
  return std::nullopt;
}

Deviations deviations(const GoldenLine& golden, const Transcription& found) {
  Deviations most;
  const auto widen = [](double& widest, double a, double b) {
    widest = std::max(widest, std::abs(a - b));
  };
  for (size_t i = 0; i < std::min(golden.segments.size(), found.segments.size()); ++i) {
    const Segment &e = golden.segments[i], &f = found.segments[i];
    if (e.seek != f.seek || e.tokens != f.tokens || e.temperature != f.temperature) break;
    widen(most.avg_logprob, e.avg_logprob, f.avg_logprob);
    widen(most.no_speech_prob, e.no_speech_prob, f.no_speech_prob);
    widen(most.compression_ratio, e.compression_ratio, f.compression_ratio);
    for (size_t w = 0; w < std::min(e.words.size(), f.words.size()); ++w) {
      widen(most.word_time_s, e.words[w].start_s, f.words[w].start_s);
      widen(most.word_time_s, e.words[w].end_s, f.words[w].end_s);
      widen(most.word_probability, e.words[w].probability, f.words[w].probability);
    }
  }
  return most;
}

WordErrors word_errors(std::string_view expected, std::string_view found) {
  const auto reference = words_of(expected), hypothesis = words_of(found);
  std::vector<size_t> row(hypothesis.size() + 1);
  for (size_t h = 0; h < row.size(); ++h) row[h] = h;
  for (size_t r = 1; r <= reference.size(); ++r) {
    size_t diagonal = row[0];
    row[0] = r;
    for (size_t h = 1; h < row.size(); ++h) {
      const size_t replaced = diagonal + (reference[r - 1] == hypothesis[h - 1] ? 0 : 1);
      diagonal = row[h];
      row[h] = std::min({replaced, row[h] + 1, row[h - 1] + 1});
    }
  }
  return {row.back(), reference.size()};
}

}  // namespace npu::testing
