mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
}

run "closes_and_encrypts_every_bucket" {
  command = plan

  assert {
    condition     = keys(aws_s3_bucket_public_access_block.made) == keys(aws_s3_bucket.made) && keys(aws_s3_bucket_ownership_controls.made) == keys(aws_s3_bucket.made)
    error_message = "every bucket has its public access blocked and its owner enforced"
  }

  assert {
    condition = alltrue([
      for block in aws_s3_bucket_public_access_block.made :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "nothing is public in any way"
  }

  assert {
    condition = alltrue([
      for controls in aws_s3_bucket_ownership_controls.made : one(controls.rule).object_ownership == "BucketOwnerEnforced"
    ])
    error_message = "the account owns what anybody writes"
  }

  assert {
    condition = [
      for encryption in aws_s3_bucket_server_side_encryption_configuration.made :
      one(one(encryption.rule).apply_server_side_encryption_by_default).sse_algorithm
    ] == ["AES256", "AES256", "AES256", "AES256"]
    error_message = "S3 encrypts when there is no key"
  }

  assert {
    condition     = keys(aws_s3_bucket_versioning.made) == ["landing", "trusted"]
    error_message = "inputs and the table have versions, the stage has none"
  }

  assert {
    condition = alltrue([
      for policy in aws_s3_bucket_policy.made : anytrue([
        for statement in jsondecode(policy.policy).Statement :
        statement.Effect == "Deny" && statement.Action == "s3:*" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
      ])
    ])
    error_message = "every bucket is reached by TLS only"
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_s3_bucket_policy.made : [for statement in jsondecode(policy.policy).Statement : statement.Effect == "Deny"]
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
      for encryption in aws_s3_bucket_server_side_encryption_configuration.made : alltrue([
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
        Condition = { StringEquals = { "kms:ViaService" = ["s3.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"] } }
    }]
    error_message = "the function uses the key through S3 and SQS only"
  }
}

run "erases_what_nobody_needs" {
  command = plan

  variables {
    stage_retention_days      = 3
    noncurrent_retention_days = 9
    pending_retention_days    = 4
    results_retention_days    = 2
  }

  assert {
    condition = alltrue([
      for lifecycle in aws_s3_bucket_lifecycle_configuration.made : anytrue([
        for rule in lifecycle.rule : try(rule.abort_incomplete_multipart_upload[0].days_after_initiation == 1, false)
      ])
    ])
    error_message = "incomplete uploads are erased in every bucket"
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.made["stage"].rule : [rule.filter[0].prefix, rule.expiration[0].days]
      if rule.id == "left-by-failed-runs"
    ] == [["events/", 3]]
    error_message = "the stage expires"
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.made["results"].rule : [rule.filter[0].prefix, rule.expiration[0].days]
      if rule.id == "results"
    ] == [["", 2]]
    error_message = "results expire"
  }

  assert {
    condition = alltrue([
      for zone in ["landing", "trusted"] : [
        for rule in aws_s3_bucket_lifecycle_configuration.made[zone].rule :
        rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "old-versions"
      ] == [9]
    ])
    error_message = "old versions expire, and nothing else of inputs and table"
  }

  assert {
    condition = {
      for zone, lifecycle in aws_s3_bucket_lifecycle_configuration.made : zone => [
        for rule in lifecycle.rule :
        [rule.filter[0].prefix, rule.noncurrent_version_expiration[0].noncurrent_days, rule.expiration[0].expired_object_delete_marker]
        if rule.id == "moved-inputs"
      ]
    } == { landing = [["pending/", 4, true]], results = [], stage = [], trusted = [] }
    error_message = "what a moved input leaves in pending is gone sooner, and its marker with it"
  }
}

run "lets_nobody_replace_a_commit" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.made["trusted"].policy).Statement :
      [statement.Effect, statement.Action, statement.Resource, statement.Condition.Null["s3:if-none-match"]]
      if statement.Sid == "LogIsWrittenOnce"
    ] == [["Deny", "s3:PutObject", "arn:aws:s3:::events-trusted-123456789012/control/log/*", "true"]]
    error_message = "an entry of the log is written under a new name or not at all"
  }
}

run "leaves_buckets_that_exist_alone" {
  command = plan

  variables {
    create_buckets = false
    bucket_names   = { landing = "raw", stage = "tmp-1", trusted = "lake.prod" }
  }

  assert {
    condition     = keys(aws_s3_bucket.made) == ["results"] && keys(aws_s3_bucket_policy.made) == ["results"] && length(aws_s3_bucket_versioning.made) == 0
    error_message = "no bucket of a zone is created or changed"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.landing) == 0 && length(aws_sqs_queue.inputs) == 1
    error_message = "the notifications of a bucket that exists are somebody's, and the schedule is there all the same"
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

run "asks_for_no_results_bucket_where_there_is_one" {
  command = plan

  variables {
    create_buckets = false
    bucket_names   = { landing = "raw", stage = "tmp-1", trusted = "lake.prod" }
    results_bucket = "answers"
    notifications  = true
  }

  assert {
    condition     = length(aws_s3_bucket.made) == 0
    error_message = "nothing is created"
  }

  assert {
    condition     = aws_athena_workgroup.events[0].configuration[0].result_configuration[0].output_location == "s3://answers/results/"
    error_message = "results go to the bucket that exists"
  }

  assert {
    condition     = aws_s3_bucket_notification.landing[0].bucket == "raw"
    error_message = "whoever asks for it gets notifications of a bucket that exists"
  }
}

run "lets_nobody_replace_an_input_when_asked_to" {
  command = plan

  variables {
    write_once_inputs = true
  }

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.made["landing"].policy).Statement :
      [statement.Effect, statement.Action, statement.Resource, statement.Condition.Null["s3:if-none-match"], statement.Condition.Bool["s3:ObjectCreationOperation"]]
      if statement.Sid == "InputsAreWrittenOnce"
    ] == [["Deny", "s3:PutObject", "arn:aws:s3:::events-landing-123456789012/pending/*", "true", "true"]]
    error_message = "an input is written under a new name or not at all"
  }
}
