// SPDX-License-Identifier: LGPL-2.1-or-later
// A network in the buffers of the array and on its cores, beside the fast path, compared after each
// operation.
#pragma once

#include <functional>
#include <optional>

#include "array_executor.h"
#include "device/xrt/image/lowering.h"
#include "fast_path.h"

namespace npu::testing {

class ArrayModel {
 public:
  ArrayModel(std::span<const OpList> lists, quantised::Network network,
             const ContextLimits& limits);
  bool ready() const { return image_ && fast_.ready(); }

  // Features [2 x positions][bands] for the encoder that is list `list`.
  void write_mel(size_t list, std::span<const float> mel);
  // Runs a list without rows on both; one that stores keys fills that slot (and slot 0).
  void encode(size_t list, int store_slot = 0);
  // A step of up to 16 rows, on both. All slots up to the greatest count as those of the run; cross
  // slots must have been filled.
  void step(size_t list, std::span<const Row> rows);

  const quantised::Network& network() const { return *network_; }
  const std::vector<array::ArrayList>& lists() const { return lists_; }
  const array::WeightsImage& image() const { return *image_; }
  const array::Lowering& lowering() const { return *lowering_; }
  ArrayMemory& memory() { return memory_; }
  const FastPath& fast() const { return fast_; }

  // What first differed from the fast path or went wrong, "" if nothing has. A list ends there.
  const std::string& first_difference() const { return first_difference_; }
  // Cores that stopped go on.
  void forget_differences() {
    first_difference_.clear();
    executor_.restart();
  }
  // Changes each list before it runs, if it is set.
  std::function<void(array::LoweredList&)> change;

  size_t compared() const { return compared_; }
  size_t operations() const { return operations_; }

 private:
  array::RunShape shape_of(std::span<const Row> rows) const;
  array::LoweredList lower(size_t list, std::span<const Row> rows);
  void run(const array::LoweredList& list, std::span<const Row> rows);
  void write_rows(const array::LoweredList& list, std::span<const Row> rows);
  void count(const std::string& name, size_t differing, size_t bytes);
  void report(const std::string& what);
  void compare(const array::Operation& operation, std::span<const Row> rows);
  void compare(const std::string& name, const array::Tiles& to, std::span<const Row> rows);
  void compare_convolved(const Rows& fast, const array::Tiles& to);
  void compare_logits(const array::LoweredList& list, size_t rows);
  void compare_alignment(size_t list, const array::LoweredList& lowered, std::span<const Row> rows);

  std::shared_ptr<const quantised::Network> network_;
  std::vector<OpList> recorded_;
  ContextLimits limits_;
  FastPath fast_;
  std::vector<array::ArrayList> lists_;
  std::optional<array::WeightsImage> image_;
  std::optional<array::Lowering> lowering_;
  ArrayMemory memory_;
  ArrayExecutor executor_{memory_};
  size_t list_ = 0;             // that runs
  std::vector<size_t> stored_;  // positions in each cross slot
  std::string first_difference_;
  size_t compared_ = 0, operations_ = 0;
};

}  // namespace npu::testing
