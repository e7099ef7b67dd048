// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device/device_work.h"

#include <algorithm>

namespace npu {

ListWork& ListWork::operator+=(const ListWork& more) {
  replays += more.replays;
  commands += more.commands;
  device_s += more.device_s;
  logits_s += more.logits_s;
  host_s += more.host_s;
  bytes_to_device += more.bytes_to_device;
  bytes_from_device += more.bytes_from_device;
  return *this;
}

std::vector<ListWork> work_of(const Device& device) {
  const auto* meter = dynamic_cast<const WorkMeter*>(&device);
  return meter == nullptr ? std::vector<ListWork>() : meter->work();
}

void WorkCounter::add(std::string_view list, const ListWork& more) {
  const std::lock_guard lock(mutex_);
  auto found = std::find_if(lists_.begin(), lists_.end(),
                            [list](const ListWork& work) { return work.list == list; });
  if (found == lists_.end()) {
    lists_.emplace_back().list = list;
    found = lists_.end() - 1;
  }
  *found += more;
}

std::vector<ListWork> WorkCounter::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

}  // namespace npu
