mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
}

run "refuses_buckets_without_names" {
  command         = plan
  expect_failures = [var.bucket_names]

  variables {
    create_buckets = false
    bucket_names   = { landing = "raw" }
  }
}

run "refuses_one_bucket_for_two_zones" {
  command         = plan
  expect_failures = [var.bucket_names]

  variables {
    bucket_names = { landing = "raw", stage = "raw" }
  }
}

run "refuses_values_out_of_range" {
  command = plan
  expect_failures = [
    var.name, var.kms_key_arn, var.stage_retention_days, var.noncurrent_retention_days, var.lambda_zip, var.memory_mb,
    var.timeout_seconds, var.scratch_mb, var.reserved_concurrency, var.memory_budget_bytes, var.threads, var.compression, var.repair,
    var.dedup_horizon_days, var.fold_below_bytes, var.reader_grace_seconds, var.log_retention_days, var.database_name, var.table_name, var.event_types, var.years,
    var.input_bytes_max, var.batch_window_seconds, var.receives_max, var.schedule, var.max_concurrency, var.item_bytes, var.alarm_email,
    var.alarm_idle_hours, var.alarm_reject_percent, var.catalog, var.results_bucket, var.results_retention_days, var.query_bytes_max,
  ]

  variables {
    name                      = "Clicks"
    kms_key_arn               = "alias/events"
    stage_retention_days      = 0
    noncurrent_retention_days = 1.5
    lambda_zip                = "nowhere.zip"
    memory_mb                 = 128
    timeout_seconds           = 901
    scratch_mb                = 100
    reserved_concurrency      = 0
    memory_budget_bytes       = 1000
    threads                   = 0
    compression               = "gzip"
    repair                    = "all"
    dedup_horizon_days        = -1
    fold_below_bytes          = 0.5
    reader_grace_seconds      = 601
    log_retention_days        = 2
    database_name             = "a-b"
    table_name                = "a b"
    event_types               = ["card/eu-issued"]
    years                     = { first = 2021, last = 2020 }
    input_bytes_max           = 0
    batch_window_seconds      = 0
    receives_max              = 4
    schedule                  = "hourly"
    max_concurrency           = 0
    item_bytes                = 1.5
    alarm_email               = "nobody"
    alarm_idle_hours          = 25
    alarm_reject_percent      = 100
    catalog                   = "hive"
    results_bucket            = "A"
    results_retention_days    = 0
    query_bytes_max           = 1000
  }
}
