// SPDX-License-Identifier: LGPL-2.1-or-later
// From the cross-attention scores of the alignment heads to one text x audio matrix.
// Source: openai/whisper:whisper/timing.py, find_alignment(), median_filter().
#pragma once

#include <span>
#include <vector>

namespace npu {

inline constexpr int kMedianWidth = 7;

// Median of kMedianWidth neighbours along each row of `values` ([rows][columns], in place), rows
// mirrored at both ends without repeating the edge. Rows of kMedianWidth / 2 columns or fewer stay
// as they are.
void median_filter(std::span<float> values, int rows, int columns);

// Scores of one window, and the buffers they are worked on in; kept between windows so that nothing
// is allocated in the steady state. Not thread-safe.
class AlignmentMatrix {
 public:
  // `heads` heads, `rows` tokens; only the first `columns` of the scores' positions count.
  void reset(int heads, int rows, int columns);

  // Takes scores of rows first_row .. first_row + count - 1, before softmax:
  // [heads][count][positions], positions >= columns.
  void add(std::span<const float> scores, int first_row, int count, int positions);

  // Per head and row softmax over the columns, then per head and column (x - mean) / population
  // deviation over all rows (0 where the deviation is), median filter, mean over the heads.
  // Returns [rows][columns], valid until the next reset().
  std::span<const float> combine();

 private:
  std::span<float> row(int head, int index);
  void normalise_columns(int head);

  int heads_ = 0;
  int rows_ = 0;
  int columns_ = 0;
  std::vector<float> scores_;    // [heads][rows][columns]
  std::vector<float> combined_;  // [rows][columns]
  std::vector<double> mean_;     // [columns]
  std::vector<double> deviation_;
};

}  // namespace npu
