// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/recovery/device_succession.h"

#include <chrono>
#include <utility>

#include "device/recovery/turn.h"
#include "log.h"

namespace npu {
namespace {

// CancelToken wakes nobody: waits look at it this often.
constexpr std::chrono::milliseconds kCancelPoll{20};

// What an error of a device says, without the device's name in front.
std::string_view reason_of(std::string_view message) {
  constexpr std::string_view kName = "device npu: ";
  return message.starts_with(kName) ? message.substr(kName.size()) : message;
}

}  // namespace

bool is_loss(const Error& error) {
  return error.code == ErrorCode::kDeviceLost || error.code == ErrorCode::kTimeout;
}

DeviceSuccession::DeviceSuccession(std::unique_ptr<Device> first, Replacements replacements,
                                   LostDevice& memory)
    : replacements_(std::move(replacements)), memory_(memory) {
  take(std::move(first));
}

void DeviceSuccession::take(std::shared_ptr<Device> device) {
  ++current_.number;
  name_ = device->name();
  description_ = device->description();
  current_.device = std::move(device);
}

Result<DeviceSuccession::Opened> DeviceSuccession::living(const CancelToken& cancel) {
  {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (dead_) return *dead_;
      if (current_.device) return current_;
      NPU_TRY(check_interrupt(cancel, {}, "replacing a lost device"));
      if (!opening_) break;
      changed_.wait_for(lock, kCancelPoll);
    }
    opening_ = true;
  }
  const Turn turn(mutex_, changed_, opening_);
  auto opened = open_next(cancel);
  const std::lock_guard lock(mutex_);
  if (!opened) {
    if (opened.error().code != ErrorCode::kCancelled) dead_ = opened.error();
    return opened.error();
  }
  take(*std::move(opened));
  log(LogLevel::kInfo, text("going on with ", description_));
  return current_;
}

// Nobody else is here, or changes stage_ and why_ meanwhile.
Result<std::unique_ptr<Device>> DeviceSuccession::open_next(const CancelToken& cancel) {
  if (stage_ == Stage::kFirst) {
    log(LogLevel::kWarning,
        text("device npu: ", why_, "; once more, from the beginning, in a fresh context"));
    auto again = replacements_.again(cancel);
    if (!again && again.error().code == ErrorCode::kCancelled) return again;
    if (again) {
      first_why_ = why_;
      stage_ = Stage::kRetried;
      return again;
    }
    give_up(text(why_, "; it could not be opened again: ", reason_of(again.error().message)));
  } else if (stage_ == Stage::kRetried) {
    give_up(text(first_why_, "; and again in a fresh context: ", why_));
  }
  if (!replacements_.instead)
    return Error{ErrorCode::kDeviceLost,
                 text(LostDevice::given_up(*loss()),
                      ". Choose device cpu (or auto) to get captions from the CPU")};
  auto instead = replacements_.instead(cancel);
  if (instead) stage_ = Stage::kInstead;
  return instead;
}

void DeviceSuccession::give_up(const std::string& reason) {
  stage_ = Stage::kGivenUp;
  memory_.remember(reason);
  log(LogLevel::kWarning, text("device npu: given up: ", reason));
  const std::lock_guard lock(mutex_);
  loss_ = reason;
}

std::shared_ptr<Device> DeviceSuccession::let_go() {
  for (const ListWork& work : work_of(*current_.device)) earlier_.add(work.list, work);
  return std::move(current_.device);
}

std::vector<ListWork> DeviceSuccession::work() const {
  const std::lock_guard lock(mutex_);
  WorkCounter sum;
  for (const ListWork& work : earlier_.lists()) sum.add(work.list, work);
  if (current_.device)
    for (const ListWork& work : work_of(*current_.device)) sum.add(work.list, work);
  return sum.lists();
}

bool DeviceSuccession::is_current(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return current_.device && current_.number == number;
}

void DeviceSuccession::lost(uint64_t number, const Error& why) {
  std::shared_ptr<Device> gone;  // ends without the lock
  const std::lock_guard lock(mutex_);
  if (!current_.device || current_.number != number) return;
  gone = let_go();
  why_ = reason_of(why.message);
  if (stage_ == Stage::kInstead) dead_ = why;
}

bool DeviceSuccession::unfit(uint64_t number, const Error& why) {
  std::shared_ptr<Device> gone;
  const std::lock_guard lock(mutex_);
  if (!current_.device || current_.number != number) return true;
  if (!replacements_.instead || stage_ == Stage::kInstead) return false;
  log(LogLevel::kInfo, text("device auto: not the NPU, since: ", why.message));
  gone = let_go();
  stage_ = Stage::kUnfit;
  return true;
}

void DeviceSuccession::proved(uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (current_.device && current_.number == number && stage_ == Stage::kRetried)
    stage_ = Stage::kFirst;
}

std::string_view DeviceSuccession::name() const {
  const std::lock_guard lock(mutex_);
  return name_;
}

std::string DeviceSuccession::description() const {
  const std::lock_guard lock(mutex_);
  return description_;
}

std::optional<std::string> DeviceSuccession::loss() const {
  const std::lock_guard lock(mutex_);
  return loss_;
}

}  // namespace npu
