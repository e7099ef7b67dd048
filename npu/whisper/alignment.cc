// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/alignment.h"

#include <algorithm>
#include <cmath>

#include "model/dims.h"
#include "whisper/dtw.h"
#include "whisper/network.h"

namespace npu {
namespace {

constexpr double kPositionsPerSecond = 50;
// Fewer columns have no deviation. The reference divides by it, and its path through the NaN that
// comes out runs one column before the window.
constexpr int kFewestColumns = 2;
constexpr double kTooShortStart_s = -1 / kPositionsPerSecond;

// The reference warps on the negated matrix: likely places are cheap.
std::vector<double> start_times(std::span<const float> matrix, int rows, int columns) {
  std::vector<float> cost(matrix.size());
  std::transform(matrix.begin(), matrix.end(), cost.begin(), [](float x) { return -x; });
  std::vector<double> starts_s;
  for (const int column : dtw_jumps(cost, rows, columns))
    starts_s.push_back(column / kPositionsPerSecond);
  return starts_s;
}

}  // namespace

Aligner::Aligner(const Tokenizer& tokenizer, int heads, int max_rows, int positions)
    : tokenizer_(tokenizer), heads_(heads), max_rows_(max_rows), positions_(positions) {}

// Runs `count` rows of tokens_ from `first` on: their scores go to matrix_, and the probabilities
// of the text tokens that they predict to probabilities_. Row r predicts text token r - first_text.
Result<void> Aligner::run_rows(Context& context, const AlignmentRequest& request, size_t first,
                               size_t count, size_t first_text, const CancelToken& cancel,
                               Deadline deadline) {
  const int end_of_text = tokenizer_.special().end_of_text;
  rows_.clear();
  requests_.clear();
  for (size_t row = first; row < first + count; ++row) {
    rows_.push_back({tokens_[row], static_cast<int>(row), request.self_slot, request.cross_slot});
    if (row < first_text || row >= first_text + request.text_tokens.size()) continue;
    ScoreRequest score;
    score.row = static_cast<int>(row - first);
    score.ranges[kText] = {0, end_of_text};
    score.top_k = 0;
    score.named = request.text_tokens.subspan(row - first_text, 1);
    requests_.push_back(score);
  }
  if (results_.size() < requests_.size()) results_.resize(requests_.size());
  scores_.resize(static_cast<size_t>(heads_) * count * static_cast<size_t>(positions_));

  Replay replay;
  replay.rows = rows_;
  replay.score = requests_;
  replay.results = std::span(results_).first(requests_.size());
  replay.alignment = scores_;
  NPU_TRY(context.run(kAlign, replay, cancel, deadline));

  matrix_.add(scores_, static_cast<int>(first), static_cast<int>(count), positions_);
  for (const ScoreResult& result : replay.results)
    probabilities_.push_back(std::exp(result.named[0] - result.groups[kText].log_sum_exp));
  return {};
}

Result<TokenTimes> Aligner::align(Context& context, const AlignmentRequest& request,
                                  const CancelToken& cancel, Deadline deadline) {
  if (request.text_tokens.empty()) return TokenTimes{};
  tokens_ = tokenizer_.start_sequence(request.language, request.task, /*without_timestamps=*/true);
  const size_t first_text = tokens_.size() - 1;  // the row of notimestamps predicts the first
  tokens_.insert(tokens_.end(), request.text_tokens.begin(), request.text_tokens.end());
  tokens_.push_back(tokenizer_.special().end_of_text);
  const int rows = static_cast<int>(tokens_.size());
  if (rows > kTextPositions)
    return Error{ErrorCode::kInvalidArgument, text("word alignment: expected at most ",
                                                   kTextPositions, " tokens, found ", rows)};

  const int columns = std::clamp(request.frames / kFramesPerPosition, kFewestColumns, positions_);
  matrix_.reset(heads_, rows, columns);
  probabilities_.clear();
  for (size_t first = 0; first < tokens_.size(); first += static_cast<size_t>(max_rows_)) {
    const size_t count = std::min(tokens_.size() - first, static_cast<size_t>(max_rows_));
    NPU_TRY(run_rows(context, request, first, count, first_text, cancel, deadline));
  }

  TokenTimes times;
  times.probabilities = probabilities_;
  const size_t timed_rows = request.text_tokens.size() + 1;
  if (request.frames / kFramesPerPosition < kFewestColumns) {
    times.starts_s.assign(timed_rows, kTooShortStart_s);
    return times;
  }
  const size_t width = static_cast<size_t>(columns);
  times.starts_s = start_times(matrix_.combine().subspan(first_text * width, timed_rows * width),
                               static_cast<int>(timed_rows), columns);
  return times;
}

}  // namespace npu
