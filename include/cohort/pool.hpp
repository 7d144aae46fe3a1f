// SPDX-FileCopyrightText: 2026 The Cohort authors
// SPDX-License-Identifier: Apache-2.0
//
// Umbrella of the pool layer.
#pragma once

#include "cohort/pool/async_result.hpp"
#include "cohort/pool/imap.hpp"
#include "cohort/pool/partial.hpp"
#include "cohort/pool/pool.hpp"
#include "cohort/pool/worker_died.hpp"
#include "cohort/process/start_method.hpp"
#include "cohort/wire/remote_error.hpp"
