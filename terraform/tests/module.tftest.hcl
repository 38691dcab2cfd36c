# No account is needed: the provider is a mock, and every plan is made of names that are known before anything exists.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "123456789012"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition  = "aws"
      dns_suffix = "amazonaws.com"
    }
  }

  mock_data "aws_region" {
    defaults = {
      id = "eu-west-1"
    }
  }
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
}

run "names_everything_after_the_module" {
  command = plan

  variables {
    name = "clicks"
  }

  assert {
    condition = output.bucket_names == {
      landing = "clicks-landing-123456789012"
      stage   = "clicks-stage-123456789012"
      trusted = "clicks-trusted-123456789012"
    }
    error_message = "buckets are named after the module, the zone and the account"
  }

  assert {
    condition     = { for zone, bucket in aws_s3_bucket.zone : zone => bucket.bucket } == output.bucket_names
    error_message = "the buckets that are created are the ones that are named"
  }

  assert {
    condition = [output.function_name, aws_iam_role.function.name, output.log_group_name, output.database_name, output.table_name] == [
      "clicks-distributor", "clicks-distributor", "/aws/lambda/clicks-distributor", "clicks", "events",
    ]
    error_message = "the function, its role, its log and the catalog are named after the module"
  }

  assert {
    condition     = output.pending_url == "s3://clicks-landing-123456789012/pending/"
    error_message = "producers are told where to put inputs"
  }
}

run "tells_the_function_where_its_zones_are" {
  command = plan

  assert {
    condition = aws_lambda_function.distributor.environment[0].variables == tomap({
      EVENTS_LANDING = "s3://events-landing-123456789012"
      EVENTS_STAGE   = "s3://events-stage-123456789012"
      EVENTS_TRUSTED = "s3://events-trusted-123456789012"
    })
    error_message = "the function knows its zones, and only what was set besides"
  }

  assert {
    condition = alltrue([
      aws_lambda_function.distributor.runtime == "provided.al2023",
      aws_lambda_function.distributor.handler == "bootstrap",
      aws_lambda_function.distributor.architectures == tolist(["arm64"]),
      aws_lambda_function.distributor.reserved_concurrent_executions == 1,
      aws_lambda_function.distributor.logging_config[0].log_format == "JSON",
      aws_cloudwatch_log_group.function.retention_in_days == 30,
    ])
    error_message = "the function is one arm64 executable that runs once at a time and logs JSON"
  }
}

run "hands_settings_to_the_function" {
  command = plan

  variables {
    memory_budget_bytes  = 536870912
    threads              = 3
    compression          = "zstd:9"
    repair               = "guess"
    dedup_horizon_days   = 30
    fold_below_bytes     = 0
    reader_grace_seconds = 1.5
  }

  assert {
    condition = {
      for name, value in aws_lambda_function.distributor.environment[0].variables :
      name => value if !contains(["EVENTS_LANDING", "EVENTS_STAGE", "EVENTS_TRUSTED"], name)
      } == {
      EVENTS_MEMORY        = "536870912"
      EVENTS_THREADS       = "3"
      EVENTS_COMPRESSION   = "zstd:9"
      EVENTS_REPAIR        = "guess"
      EVENTS_DEDUP_HORIZON = "30"
      EVENTS_FOLD_BELOW    = "0"
      EVENTS_READER_GRACE  = "1.5"
    }
    error_message = "settings are written as the function reads them"
  }
}

run "closes_and_encrypts_every_bucket" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket_public_access_block.zone) == 3 && length(aws_s3_bucket_ownership_controls.zone) == 3
    error_message = "every bucket has its public access blocked and its owner enforced"
  }

  assert {
    condition = alltrue([
      for block in aws_s3_bucket_public_access_block.zone :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "nothing is public in any way"
  }

  assert {
    condition = alltrue([
      for controls in aws_s3_bucket_ownership_controls.zone : one(controls.rule).object_ownership == "BucketOwnerEnforced"
    ])
    error_message = "the account owns what anybody writes"
  }

  assert {
    condition = [
      for encryption in aws_s3_bucket_server_side_encryption_configuration.zone :
      one(one(encryption.rule).apply_server_side_encryption_by_default).sse_algorithm
    ] == ["AES256", "AES256", "AES256"]
    error_message = "S3 encrypts when there is no key"
  }

  assert {
    condition     = keys(aws_s3_bucket_versioning.zone) == ["landing", "trusted"]
    error_message = "inputs and the table have versions, the stage has none"
  }

  assert {
    condition = alltrue([
      for policy in aws_s3_bucket_policy.zone : anytrue([
        for statement in jsondecode(policy.policy).Statement :
        statement.Effect == "Deny" && statement.Action == "s3:*" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
      ])
    ])
    error_message = "every bucket is reached by TLS only"
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_s3_bucket_policy.zone : [for statement in jsondecode(policy.policy).Statement : statement.Effect == "Deny"]
    ]))
    error_message = "a bucket's policy allows nobody anything"
  }
}

run "uses_the_key_that_it_is_given" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = alltrue([
      for encryption in aws_s3_bucket_server_side_encryption_configuration.zone : alltrue([
        one(encryption.rule).bucket_key_enabled,
        one(one(encryption.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms",
        one(one(encryption.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn,
      ])
    ])
    error_message = "every bucket is encrypted with the key"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : statement if statement.Sid == "UseKey"
      ] == [{
        Sid       = "UseKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }
    }]
    error_message = "the function uses the key through S3 only"
  }
}

run "erases_what_nobody_needs" {
  command = plan

  variables {
    stage_retention_days      = 3
    noncurrent_retention_days = 9
  }

  assert {
    condition = alltrue([
      for lifecycle in aws_s3_bucket_lifecycle_configuration.zone : anytrue([
        for rule in lifecycle.rule : try(rule.abort_incomplete_multipart_upload[0].days_after_initiation == 1, false)
      ])
    ])
    error_message = "incomplete uploads are erased in every bucket"
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.zone["stage"].rule : [rule.filter[0].prefix, rule.expiration[0].days]
      if rule.id == "left-by-failed-runs"
    ] == [["events/", 3]]
    error_message = "the stage expires"
  }

  assert {
    condition = alltrue([
      for zone in ["landing", "trusted"] : [
        for rule in aws_s3_bucket_lifecycle_configuration.zone[zone].rule :
        rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "old-versions"
      ] == [9]
    ])
    error_message = "old versions expire, and nothing else of inputs and table"
  }
}

run "gives_the_function_no_more_than_its_folders" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : [
        for action in statement.Action : !strcontains(action, "*")
      ]
    ]))
    error_message = "every action is named"
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : [
        for resource in statement.Resource : can(regex("^arn:aws:(s3:::events-(landing|stage|trusted)-123456789012(/[a-z/]+/\\*)?|logs:eu-west-1:123456789012:log-group:/aws/lambda/events-distributor:\\*)$", resource))
      ]
    ]))
    error_message = "every resource is a bucket, a folder of one or the function's log"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement :
      statement.Sid => [trimprefix(statement.Resource[0], "arn:aws:s3:::events-"), join(" ", [for action in statement.Action : trimprefix(action, "s3:")])]
      if !strcontains(statement.Action[0], "List") && startswith(statement.Action[0], "s3:")
      } == {
      TakeInputs  = ["landing-123456789012/pending/*", "GetObject GetObjectTagging DeleteObject"]
      KeepInputs  = ["landing-123456789012/processed/*", "GetObject PutObject PutObjectTagging"]
      KeepRejects = ["landing-123456789012/quarantine/*", "PutObject"]
      UseStage    = ["stage-123456789012/events/*", "GetObject PutObject DeleteObject AbortMultipartUpload"]
      ChangeTable = ["trusted-123456789012/events/*", "GetObject PutObject"]
      Commit      = ["trusted-123456789012/control/*", "GetObject PutObject"]
    }
    error_message = "each folder has the actions of a run, and deleting is for inputs and the stage"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement :
      trimsuffix(trimprefix(statement.Resource[0], "arn:aws:s3:::events-"), "-123456789012") => statement.Condition.StringLike["s3:prefix"]
      if contains(statement.Action, "s3:ListBucket")
      } == {
      landing = ["pending/*", "processed/*"]
      stage   = ["events/*"]
      trusted = ["control/*", "events/*"]
    }
    error_message = "listing is limited to the folders that a run lists"
  }

  assert {
    condition     = jsondecode(aws_iam_role.function.assume_role_policy).Statement[0].Principal == { Service = "lambda.amazonaws.com" }
    error_message = "nobody but Lambda takes the role"
  }
}

run "lets_nobody_replace_a_commit" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.zone["trusted"].policy).Statement :
      [statement.Effect, statement.Action, statement.Resource, statement.Condition.Null["s3:if-none-match"]]
      if statement.Sid == "LogIsWrittenOnce"
    ] == [["Deny", "s3:PutObject", "arn:aws:s3:::events-trusted-123456789012/control/log/*", "true"]]
    error_message = "an entry of the log is written under a new name or not at all"
  }
}

run "describes_the_table_of_the_core" {
  command = plan

  assert {
    condition = [for column in aws_glue_catalog_table.events.storage_descriptor[0].columns : "${column.name} ${column.type}"] == [
      "event_id string", "timestamp timestamp", "domain string", "event_type string", "data string", "extra string",
      "repairs string",
    ]
    error_message = "the columns of a file are the core's, in its order"
  }

  assert {
    condition = [for column in aws_glue_catalog_table.events.partition_keys : "${column.name} ${column.type}"] == [
      "domain_event_type string", "year int", "month int", "day int",
    ]
    error_message = "the columns of a path are the core's, in its order"
  }

  assert {
    condition     = aws_glue_catalog_table.events.storage_descriptor[0].location == "s3://events-trusted-123456789012/events/"
    error_message = "the table lies where the function writes"
  }

  assert {
    condition = aws_glue_catalog_table.events.parameters == tomap({
      "EXTERNAL"                          = "TRUE"
      "classification"                    = "parquet"
      "projection.enabled"                = "true"
      "projection.domain_event_type.type" = "injected"
      "projection.year.type"              = "integer"
      "projection.year.range"             = "2015,2035"
      "projection.month.type"             = "integer"
      "projection.month.range"            = "1,12"
      "projection.day.type"               = "integer"
      "projection.day.range"              = "1,31"
      "storage.location.template"         = "s3://events-trusted-123456789012/events/domain_event_type=$${domain_event_type}/year=$${year}/month=$${month}/day=$${day}"
    })
    error_message = "partitions are computed from the path, with numbers as they are written there: not padded"
  }
}

run "knows_the_event_types_that_it_is_given" {
  command = plan

  variables {
    event_types = ["account-status-change", "card%2Feu-issued"]
    years       = { first = 2020, last = 2020 }
  }

  assert {
    condition = [
      for name in ["projection.domain_event_type.type", "projection.domain_event_type.values", "projection.year.range"] :
      aws_glue_catalog_table.events.parameters[name]
    ] == ["enum", "account-status-change,card%2Feu-issued", "2020,2020"]
    error_message = "the types are enumerated as they stand in the paths"
  }
}

run "leaves_buckets_that_exist_alone" {
  command = plan

  variables {
    create_buckets = false
    bucket_names   = { landing = "raw", stage = "tmp-1", trusted = "lake.prod" }
  }

  assert {
    condition     = length(aws_s3_bucket.zone) + length(aws_s3_bucket_policy.zone) + length(aws_s3_bucket_versioning.zone) == 0
    error_message = "no bucket is created or changed"
  }

  assert {
    condition     = aws_lambda_function.distributor.environment[0].variables["EVENTS_TRUSTED"] == "s3://lake.prod"
    error_message = "the function uses the buckets that exist"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.function.policy, "arn:aws:s3:::raw/pending/*")
    error_message = "the function may use the buckets that exist"
  }
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
    reserved_concurrency      = 2
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
  }
}
