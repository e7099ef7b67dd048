// SPDX-License-Identifier: LGPL-2.1-or-later
// What is wrong in the image, in an operation or in what the host writes is found, and where.
#include <gtest/gtest.h>

#include <cstring>

#include "array_model.h"
#include "random_network.h"

namespace npu::testing {
namespace {

using array::ImageEntry;
using array::LoweredList;
using kernels::Descriptor;
using kernels::kObjectBytes;

constexpr int kPositions = kFewerPositions[0];
enum : size_t { kListEncoder, kListCross, kListStep, kListAlign };

class Wrong : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto network = random_network(1);
    ASSERT_TRUE(network) << network.error().message;
    ContextLimits limits;
    limits.max_rows = 16;
    model_ = std::make_unique<ArrayModel>(small_lists(), *std::move(network), limits);
    ASSERT_TRUE(model_->ready());
    Random random(7);
    std::vector<float> mel(size_t{2} * kPositions * 80);
    for (float& x : mel) x = random.next();
    model_->write_mel(kListEncoder, mel);
    model_->encode(kListEncoder);
    model_->encode(kListCross);
    run(kListStep);
    ASSERT_EQ(model_->first_difference(), "");
  }
  static void TearDownTestSuite() { model_.reset(); }

  static void run(size_t list) {
    if (list == kListEncoder) return model_->encode(list);
    const Row rows[] = {{11, 0, 0, 0}, {4321, 1, 0, 0}, {99, 2, 0, 0}};
    model_->step(list, rows);
  }

  // Runs a list with a change of the image and says where it was found.
  template <typename Change>
  std::string found_in_image(const char* entry, const Change& change, size_t list = kListStep) {
    const auto image = model_->memory().all(array::Buffer::kWeights);
    const std::vector<std::byte> before(image.begin(), image.end());
    change(model_->image().directory().at(entry));
    const std::string found = found_in_run(list);
    std::copy(before.begin(), before.end(), image.begin());
    return found;
  }
  // The same with a change of the list.
  std::string found_in_list(std::function<void(LoweredList&)> change, size_t list = kListStep) {
    model_->change = std::move(change);
    const std::string found = found_in_run(list);
    model_->change = nullptr;
    return found;
  }
  std::string found_in_run(size_t list) {
    run(list);
    const std::string found = model_->first_difference();
    model_->forget_differences();
    return found;
  }
  static std::byte* at(uint64_t offset) {
    return model_->memory().data(array::Buffer::kWeights) + offset;
  }
  static Descriptor& descriptor(const ImageEntry& entry, uint64_t tile) {
    return *reinterpret_cast<Descriptor*>(at(entry.descriptors + tile * entry.descriptor_step));
  }
  static void swap_descriptors(const ImageEntry& entry, uint64_t a, uint64_t b) {
    std::swap(descriptor(entry, a), descriptor(entry, b));
  }

  static std::unique_ptr<ArrayModel> model_;
};

std::unique_ptr<ArrayModel> Wrong::model_;

#define EXPECT_FOUND(found, where) EXPECT_NE((found).find(where), std::string::npos) << (found)

TEST_F(Wrong, WeightIsFound) {
  EXPECT_FOUND(found_in_image("decoder.blocks.1.mlp.0, 16 rows",
                              [](const ImageEntry& entry) {
                                at(entry.objects + 5 * entry.object_step)[0] ^= std::byte{0x40};
                              }),
               "decoder.blocks.1.mlp.0");
}

TEST_F(Wrong, OrderOfTilesIsFound) {
  const char* name = "decoder.blocks.0.attn.out, 16 rows";
  EXPECT_FOUND(found_in_image(name, [](const auto& entry) { swap_descriptors(entry, 0, 1); }),
               "decoder.blocks.0.attn.out");
}

TEST_F(Wrong, BiasIsFound) {
  EXPECT_FOUND(found_in_image("decoder.blocks.0.cross_attn.query, 16 rows",
                              [](const auto& entry) { descriptor(entry, 2).bias[63] += 1 << 20; }),
               "decoder.blocks.0.cross_attn.query");
}

TEST_F(Wrong, ColumnsOfALayerNormAreFound) {
  const char* name = "decoder.blocks.1.attn_ln, 16 rows";
  EXPECT_FOUND(found_in_image(name,
                              [](const auto& entry) {
                                std::swap(descriptor(entry, 0).norm, descriptor(entry, 2).norm);
                              }),
               "decoder.blocks.1.attn_ln");
}

TEST_F(Wrong, OrderOfHeadsIsFound) {
  EXPECT_FOUND(found_in_image(
                   "encoder.blocks.0.attn.query, 512 rows, 384 keys",
                   [](const auto& entry) {
                     std::swap(descriptor(entry, 0).head.select, descriptor(entry, 1).head.select);
                   },
                   kListEncoder),
               "encoder.blocks.0.attn.query/attended");
}

TEST_F(Wrong, PositionIsFound) {
  EXPECT_FOUND(found_in_image(
                   "encoder.positional_embedding, 512 rows",
                   [](const auto& entry) { at(entry.objects)[1] ^= std::byte{1}; }, kListEncoder),
               "encoder.conv2/stream");
}

TEST_F(Wrong, PaddingOfTheSecondConvolutionIsFound) {
  EXPECT_FOUND(
      found_in_image(
          "encoder.conv1, 1536 rows",
          [](const auto& entry) { descriptor(entry, 0).head.flags &= ~kernels::kZeroFirstRow; },
          kListEncoder),
      "encoder.conv1");
}

TEST_F(Wrong, MissingTableIsFound) {
  EXPECT_FOUND(found_in_image("decoder.blocks.0.mlp.0, 16 rows",
                              [](const auto& entry) {
                                descriptor(entry, 0).head.flags &= ~kernels::kHasTable;
                              }),
               "decoder.blocks.0.mlp.0");
}

TEST_F(Wrong, MagicStopsTheCore) {
  EXPECT_FOUND(found_in_image("decoder.ln, 16 rows",
                              [](const auto& entry) { descriptor(entry, 0).head.magic ^= 1; }),
               "decoder.ln, 16 rows: core 0 of column 0: stopped");
}

TEST_F(Wrong, NumberOfObjectsIsFound) {
  EXPECT_FOUND(found_in_image("decoder.blocks.0.mlp.2, 16 rows",
                              [](const auto& entry) { --descriptor(entry, 0).head.count; }),
               "decoder.blocks.0.mlp.2, 16 rows: core 0 of column 0");
}

TEST_F(Wrong, MissingFlushIsFound) {
  EXPECT_FOUND(found_in_image(
                   "decoder.blocks.1.attn.out, 16 rows",
                   [](const auto& entry) { descriptor(entry, 2).head.flags &= ~kernels::kFlush; }),
               "column 2: C: gave 0 objects in place of 1");
}

TEST_F(Wrong, FactorOfATokenIsFound) {
  EXPECT_FOUND(found_in_image("decoder.token_embedding, 4 rows",
                              [](const auto& entry) { descriptor(entry, 78).mult[7] ^= 1 << 13; }),
               "logits: ");
}

TEST_F(Wrong, PlaceOfValuesIsFound) {
  EXPECT_FOUND(found_in_list([](LoweredList& list) {
                 for (auto& operation : list.operations)
                   if (operation.outputs.size() == 3)
                     operation.outputs[2].to = operation.outputs[1].to;
               }),
               "are written twice");
}

TEST_F(Wrong, PlaceOutsideOfItsBufferIsFound) {
  EXPECT_FOUND(found_in_list([](LoweredList& list) {
                 list.operations.front().outputs.front().to.place.offset = uint64_t{1} << 40;
               }),
               "are not there");
}

TEST_F(Wrong, ResultsOverWhatIsReadAreFound) {
  EXPECT_FOUND(found_in_list([](LoweredList& list) {
                 for (auto& operation : list.operations)
                   if (operation.residual) operation.outputs.front().to = *operation.residual;
               }),
               "are read too");
}

TEST_F(Wrong, StepOfTapsIsFound) {
  EXPECT_FOUND(found_in_list(
                   [](LoweredList& list) {
                     for (auto& operation : list.operations) operation.tap_step += 64 * 4096;
                   },
                   kListEncoder),
               "encoder.conv2");
}

TEST_F(Wrong, LimitOfARowIsFound) {
  EXPECT_FOUND(found_in_list([](LoweredList& list) {
                 for (auto& limits : list.limits) limits.offset += sizeof(int32_t);
               }),
               "decoder.blocks.0.attn.query/attended");
}

}  // namespace
}  // namespace npu::testing
