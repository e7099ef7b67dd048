// SPDX-License-Identifier: LGPL-2.1-or-later
// Corrupted model files as table rows, and what must be true of each: it is refused, and the error
// names the file and the fault.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <functional>
#include <string>
#include <vector>

#include "model/byte_reader.h"
#include "model/model_contents.h"
#include "model/read_weight.h"
#include "model/weights.h"
#include "model_writer.h"

namespace npu::testing {

// The name under which in-memory files are parsed.
inline constexpr const char* kCorruptFile = "folder/corrupt-file";

// Opens one corrupted model, in whatever way its format is opened.
struct Corruption {
  std::string name;
  std::function<Result<void>()> open;
  std::string fault;  // what the message must contain, beside the file's name
  std::string file = kCorruptFile;
};

// Names may hold any bytes, which a report must not.
inline std::ostream& operator<<(std::ostream& out, const Corruption& row) {
  return out << printable(row.name);
}

// Reads every value, as loading does.
inline Result<void> read_everything(const Result<ModelContents>& contents) {
  if (!contents) return contents.error();
  std::vector<float> values;
  for (const WeightRef& ref : expected_weights(contents->dims)) {
    values.resize(ref.shape.elements());
    NPU_TRY(read_weight(kCorruptFile, contents->tensors, ref, values));
  }
  return {};
}

inline void expect_refused(const Corruption& row) {
  const Result<void> opened = row.open();
  ASSERT_FALSE(opened) << "was accepted";
  EXPECT_TRUE(opened.error().code == ErrorCode::kBadModel ||
              opened.error().code == ErrorCode::kUnsupported);
  EXPECT_NE(opened.error().message.find(row.file), std::string::npos) << opened.error().message;
  EXPECT_NE(opened.error().message.find(row.fault), std::string::npos) << opened.error().message;
}

// A name for the test: letters, digits and underscores, unique by the row's number.
inline std::string row_name(const ::testing::TestParamInfo<Corruption>& row) {
  std::string name = std::to_string(row.index) + "_";
  for (const char character : row.param.name)
    name += std::isalnum(static_cast<unsigned char>(character)) ? character : '_';
  return name;
}

}  // namespace npu::testing
