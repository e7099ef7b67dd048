// SPDX-License-Identifier: LGPL-2.1-or-later
// NPU_TEST_ADDRESS_SANITIZER, NPU_TEST_THREAD_SANITIZER: whether the test is built with it, by gcc
// or by clang.
#pragma once

#if defined(__has_feature)
#define NPU_TEST_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#define NPU_TEST_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#ifdef __SANITIZE_ADDRESS__
#define NPU_TEST_ADDRESS_SANITIZER 1
#else
#define NPU_TEST_ADDRESS_SANITIZER 0
#endif
#ifdef __SANITIZE_THREAD__
#define NPU_TEST_THREAD_SANITIZER 1
#else
#define NPU_TEST_THREAD_SANITIZER 0
#endif
#endif
