// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device_beside_model.h"

#include <algorithm>

#include "device/xrt/self_test/expected.h"
#include "quantised/floats.h"
#include "whisper/network.h"

namespace npu::testing {
namespace {

constexpr int kRows = 16;

ContextLimits one_stream() {
  ContextLimits limits;
  limits.max_rows = kRows;
  return limits;
}

}  // namespace

DeviceBesideModel::DeviceBesideModel(std::span<const OpList> lists, quantised::Network network)
    : model_(lists, network, one_stream()) {
  xrt_double::set_up({});
  auto hardware = open_twin(overlay_);
  EXPECT_TRUE(hardware) << hardware.error().message;
  if (!hardware) return;
  hardware_ = *std::move(hardware);
  auto program = array::ArrayProgram::compile(
      *hardware_, pool_, lists, std::make_shared<const quantised::Network>(std::move(network)), {},
      {});
  EXPECT_TRUE(program) << program.error().message;
  if (!program) return;
  program_ = *std::move(program);
  auto context = program_->create_context(one_stream());
  EXPECT_TRUE(context) << context.error().message;
  if (context) npu_ = *std::move(context);
}

void DeviceBesideModel::run(size_t list, const Replay& replay) {
  const auto ran = npu_->run(list, replay, {}, {});
  EXPECT_TRUE(ran) << ran.error().message;
}

void DeviceBesideModel::encode(size_t encoder, size_t cross_kv, std::span<const float> mel) {
  model_.write_mel(encoder, mel);
  model_.encode(encoder);
  const auto written = npu_->write(kMelBuffer, mel);
  ASSERT_TRUE(written) << written.error().message;
  run(encoder, {});
  compare_encoded(encoder);
  model_.encode(cross_kv);
  run(cross_kv, {});
  EXPECT_EQ(model_.first_difference(), "");
  compare_cache(array::Buffer::kCross, "cross cache");
}

// The model's integers, as the floats that the device gives.
void DeviceBesideModel::compare_encoded(size_t encoder) {
  const quantised::Network& network = program_->network();
  const size_t width = network.encoded_offset.size();
  const auto lowered = model_.lowering().lower(encoder, {});
  ASSERT_TRUE(lowered) << lowered.error().message;
  const array::Tiles& tiles = lowered->host.at(kEncodedBuffer);
  const size_t rows = model_.lists()[encoder].positions;
  std::vector<float> on_npu(rows * width), integers(width), row(width);
  const auto read = npu_->read(kEncodedBuffer, on_npu);
  ASSERT_TRUE(read) << read.error().message;
  size_t differing = 0;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < width; ++c)
      integers[c] =
          static_cast<float>(array::element(model_.memory().data(tiles.place.buffer), tiles, r, c));
    quantised::encoded_floats(network, integers, row);
    differing +=
        row != std::vector<float>(on_npu.begin() + static_cast<std::ptrdiff_t>(r * width),
                                  on_npu.begin() + static_cast<std::ptrdiff_t>((r + 1) * width));
  }
  EXPECT_EQ(differing, 0u) << "rows of the encoder's result, of " << rows;
  std::printf("encoder's result: %zu of %zu rows differ\n", differing, rows);
}

void DeviceBesideModel::compare_cache(array::Buffer buffer, const char* name) {
  const auto wanted = model_.memory().all(buffer);
  const auto copies = xrt_double::device_copies(wanted.size());
  ASSERT_EQ(copies.size(), 1u) << name << ": buffers of " << wanted.size() << " bytes";
  size_t differing = 0, written = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    differing += copies[0][i] != wanted[i];
    written += wanted[i] != std::byte{};
  }
  EXPECT_EQ(differing, 0u) << name;
  EXPECT_GT(written, 0u) << name;
  std::printf("%s: %zu of %zu bytes differ, %zu are not 0\n", name, differing, wanted.size(),
              written);
}

void DeviceBesideModel::step(size_t list, std::span<const Row> rows) {
  model_.step(list, rows);
  EXPECT_EQ(model_.first_difference(), "");
  std::vector<ScoreRequest> requests;
  std::vector<ScoreResult> results;
  std::vector<float> alignment;
  run(list, array::ask_for_all(program_->lists()[list], rows, one_stream().cross_positions,
                               requests, results, alignment));
  for (size_t r = 0; r < rows.size(); ++r)
    EXPECT_EQ(results[r].full_row, model_.fast().results()[r].full_row) << "row " << r;
  EXPECT_EQ(alignment, model_.fast().alignment());
  compare_cache(array::Buffer::kSelf, "self cache");
}

int DeviceBesideModel::best_token() const {
  const std::vector<float>& logits = model_.fast().results().back().full_row;
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace npu::testing
