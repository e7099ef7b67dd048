// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quantised/graph.h"

#include <gtest/gtest.h>

#include "model_writer.h"
#include "whisper/network.h"

namespace npu::quantised {
namespace {

class Graphs : public ::testing::Test {
 protected:
  const OpList* of(size_t list) const { return &lists_[list]; }
  std::vector<OpList> lists_ = whisper_lists(testing::tiny_dims(), {});
};

TEST_F(Graphs, NameWhoMakesAndWhoReads) {
  const OpList* lists[] = {of(kEncoder), of(kCrossKv), of(kDecodeStep)};
  const auto graph = read_graph(lists);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->products.at("encoder.conv1").in, "");
  EXPECT_EQ(graph->products.at("encoder.conv2").in, "encoder.conv1");
  EXPECT_TRUE(graph->products.at("encoder.conv2/stream").into_basis);
  EXPECT_EQ(graph->products.at("encoder.blocks.0.mlp.2").in, "encoder.blocks.0.mlp.0");
  EXPECT_EQ(graph->products.at("encoder.blocks.0.attn.out").in,
            "encoder.blocks.0.attn.query/attended");
  EXPECT_EQ(graph->products.at("decoder.blocks.0.cross_attn.key").in, "encoder.ln_post");
  EXPECT_EQ(graph->encoded, "encoder.ln_post");
  EXPECT_EQ(graph->score_in, "decoder.ln");
  EXPECT_EQ(graph->norms.at("encoder.blocks.0.mlp_ln").in, "encoder.blocks.0.attn.out");
  EXPECT_TRUE(graph->is_head("decoder.blocks.0.cross_attn.value"));
  EXPECT_FALSE(graph->is_head("decoder.blocks.0.mlp.0"));
  EXPECT_TRUE(graph->is_attended("decoder.blocks.0.cross_attn.query/attended"));
}

TEST_F(Graphs, OrderWhatIsAddedToEachStream) {
  const OpList* lists[] = {of(kEncoder), of(kCrossKv), of(kDecodeStep)};
  const auto graph = read_graph(lists);
  ASSERT_TRUE(graph);
  ASSERT_EQ(graph->residuals.size(), 3u);
  EXPECT_EQ(graph->residuals[0],
            (std::vector<std::string>{"encoder.conv2/stream", "encoder.blocks.0.attn.out",
                                      "encoder.blocks.0.mlp.2"}));
  EXPECT_TRUE(graph->residuals[1].empty());
  EXPECT_EQ(graph->residuals[2].front(), "decoder.token_embedding");
}

TEST_F(Graphs, WithoutADecoderAreRefused) {
  const OpList* lists[] = {of(kEncoder)};
  const auto graph = read_graph(lists);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, ErrorCode::kUnsupported);
}

TEST_F(Graphs, WhoseCrossAttentionHasNoKeysAreRefused) {
  const OpList* lists[] = {of(kEncoder), of(kDecodeStep)};
  const auto graph = read_graph(lists);
  ASSERT_FALSE(graph);
  EXPECT_NE(graph.error().message.find("layer 0"), std::string::npos) << graph.error().message;
}

}  // namespace
}  // namespace npu::quantised
