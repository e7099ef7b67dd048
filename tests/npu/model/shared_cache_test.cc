// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/shared_cache.h"

#include <gtest/gtest.h>

#include <future>

namespace npu {
namespace {

using Cache = SharedCache<const int>;
using Ptr = std::shared_ptr<const int>;

Cache::Loader makes(int value) {
  return [value]() -> Result<Ptr> { return std::make_shared<const int>(value); };
}

Cache::Loader must_not_run() {
  return []() -> Result<Ptr> {
    ADD_FAILURE() << "loaded twice";
    return Error{ErrorCode::kInternal, "loaded twice"};
  };
}

// A loader that says when it has begun and waits until it may end.
struct Gate {
  std::promise<void> begun;
  std::promise<void> may_end;

  Cache::Loader loader(Result<Ptr> result) {
    return [this, result] {
      begun.set_value();
      may_end.get_future().wait();
      return result;
    };
  }
};

TEST(SharedCache, GivesTheLivingEntryAgain) {
  Cache cache;
  const auto first = cache.get("a", makes(1), {});
  const auto second = cache.get("a", must_not_run(), {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
}

TEST(SharedCache, KeepsKeysApart) {
  Cache cache;
  const auto first = cache.get("a", makes(1), {});
  const auto second = cache.get("b", makes(2), {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(**second, 2);
}

TEST(SharedCache, ForgetsWhatNobodyUses) {
  Cache cache;
  std::weak_ptr<const int> seen;
  {
    const auto first = cache.get("a", makes(1), {});
    seen = *first;
  }
  EXPECT_TRUE(seen.expired());
  EXPECT_EQ(**cache.get("a", makes(2), {}), 2);
}

TEST(SharedCache, ConcurrentCallersShareOneLoad) {
  Cache cache;
  Gate gate;
  auto first = std::async(std::launch::async, [&] {
    return cache.get("a", gate.loader(Ptr(std::make_shared<const int>(7))), {});
  });
  gate.begun.get_future().wait();
  auto second = std::async(std::launch::async, [&] { return cache.get("a", must_not_run(), {}); });
  // Another key is not held up meanwhile.
  EXPECT_TRUE(cache.get("b", makes(1), {}));
  gate.may_end.set_value();
  const auto loaded = first.get();
  EXPECT_EQ(*loaded, *second.get());
}

TEST(SharedCache, ACancelEndsTheWaitForAnothersLoad) {
  Cache cache;
  Gate gate;
  auto first = std::async(std::launch::async, [&] {
    return cache.get("a", gate.loader(Ptr(std::make_shared<const int>(7))), {});
  });
  gate.begun.get_future().wait();
  CancelSource cancel;
  auto second = std::async(std::launch::async,
                           [&] { return cache.get("a", must_not_run(), cancel.token()); });
  cancel.cancel();
  const auto cancelled = second.get();  // the first is still loading
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
  gate.may_end.set_value();
  EXPECT_TRUE(first.get());
}

TEST(SharedCache, AfterAFailureTheNextOneTries) {
  Cache cache;
  Gate gate;
  auto first = std::async(std::launch::async, [&] {
    return cache.get("a", gate.loader(Error{ErrorCode::kCancelled, "given up"}), {});
  });
  gate.begun.get_future().wait();
  auto second = std::async(std::launch::async, [&] { return cache.get("a", makes(3), {}); });
  gate.may_end.set_value();
  EXPECT_EQ(first.get().error().message, "given up");
  const auto loaded = second.get();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(**loaded, 3);
}

}  // namespace
}  // namespace npu
