// SPDX-License-Identifier: LGPL-2.1-or-later
// The descriptors that the budget of the overlay counts (kernels/overlay/streams.py) are those that
// streams have.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "operations.h"

namespace npu::testing {
namespace {

using namespace array;

size_t descriptors(const Transfers& transfers, std::vector<Task> Slice::*stream) {
  size_t count = 0;
  for (const Slice& slice : transfers.slices) {
    for (const Task& task : slice.*stream) {
      if (task.channel.column == 0) count += task.chain.size();
    }
  }
  return count;
}

Operation operation(OperationMaker& make, const std::string& kind, uint32_t rows, size_t inputs,
                    size_t outputs) {
  if (kind == "attention")
    return make.attention(rows, inputs / 64, rows / 64, false, Buffer::kActivations);
  // Whole rounds: what columns that are left idle get is counted nowhere.
  if (kind == "vocabulary") return make.top_k(inputs, (outputs + 255) / 256 * 256);
  const Layout layout = rows <= 16 ? Layout::kNarrow : Layout::kT64;
  return make.product(rows, inputs, outputs, layout, layout);
}

TEST(Counts, AreThoseOfTheBudget) {
  const char* path = std::getenv("NPUWHISPER_STREAM_COUNTS");
  ASSERT_NE(path, nullptr);
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    std::istringstream words(line);
    std::string kind;
    uint32_t rows = 0;
    size_t inputs = 0, outputs = 0, a = 0, b = 0, c = 0;
    ASSERT_TRUE(words >> kind >> rows >> inputs >> outputs >> a >> b >> c) << line;
    OperationMaker make;
    const Result<Transfers> made =
        transfers_of(operation(make, kind, rows, inputs, outputs), binding({}));
    ASSERT_TRUE(made) << line << ": " << made.error().message;
    EXPECT_EQ(made->slices.size(), 1u) << line;
    EXPECT_EQ(descriptors(*made, &Slice::a), a) << line;
    EXPECT_EQ(descriptors(*made, &Slice::b), b) << line;
    EXPECT_EQ(descriptors(*made, &Slice::c), c) << line;
  }
  EXPECT_EQ(lines, 45);
}

}  // namespace
}  // namespace npu::testing
