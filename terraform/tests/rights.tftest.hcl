mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  # Any file will do: the plan takes its digest only.
  lambda_zip = "versions.tf"
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
        for resource in statement.Resource : can(regex("^arn:aws:(s3:::events-(landing|stage|trusted)-123456789012(/[a-z/]+/\\*)?|logs:eu-west-1:123456789012:log-group:/aws/lambda/events-distributor:\\*|sqs:eu-west-1:123456789012:events-(inputs|dead-letters))$", resource))
      ]
    ]))
    error_message = "every resource is a bucket, a folder of one, a queue or the function's log"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement :
      statement.Sid => [trimprefix(statement.Resource[0], "arn:aws:s3:::events-"), join(" ", [for action in statement.Action : trimprefix(action, "s3:")])]
      if !strcontains(statement.Action[0], "List") && startswith(statement.Action[0], "s3:")
      } == {
      TakeInputs  = ["landing-123456789012/pending/*", "GetObject DeleteObject"]
      KeepInputs  = ["landing-123456789012/processed/*", "GetObject PutObject AbortMultipartUpload"]
      KeepRejects = ["landing-123456789012/quarantine/*", "PutObject"]
      UseStage    = ["stage-123456789012/events/*", "GetObject PutObject DeleteObject AbortMultipartUpload"]
      ChangeTable = ["trusted-123456789012/events/*", "GetObject PutObject"]
      Commit      = ["trusted-123456789012/control/*", "GetObject PutObject"]
    }
    error_message = "each folder has the actions of a run, and deleting is for inputs and the stage"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : [statement.Action, statement.Resource, keys(statement)]
      if anytrue([for action in statement.Action : strcontains(action, "List")])
      ] == [[
        ["s3:ListBucket"], [for zone in ["landing", "stage", "trusted"] : "arn:aws:s3:::events-${zone}-123456789012"],
        ["Action", "Effect", "Resource", "Sid"],
    ]]
    error_message = "the function lists its three buckets, and may so be told that an object is not there: a condition on names would forbid that"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role.function.assume_role_policy).Statement : [statement.Action, statement.Principal.Service]
    ] == [["sts:AssumeRole", "lambda.amazonaws.com"]]
    error_message = "nobody but Lambda takes the role"
  }

  assert {
    condition     = aws_iam_role.function.permissions_boundary == null
    error_message = "roles have a boundary where one is asked for"
  }
}

run "names_every_right" {
  command = plan

  # Everything that the module can make.
  variables {
    scale_out                = true
    reserved_concurrency     = 40
    catalog                  = "partitions"
    write_once_inputs        = true
    kms_key_arn              = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    alarm_email              = "events@example.org"
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(
        [aws_iam_role_policy.function.policy, aws_iam_role_policy.schedule[0].policy, aws_iam_role_policy.workflow[0].policy],
        [aws_iam_policy.producer.policy, aws_iam_policy.reader.policy, aws_sns_topic_policy.alarms[0].policy],
        [aws_sqs_queue_policy.inputs[0].policy, aws_sqs_queue_policy.dead_letters.policy],
        [for policy in aws_s3_bucket_policy.made : policy.policy],
        ) : [
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : !strcontains(action, "*")
        ] if statement.Effect == "Allow"
      ]
    ]))
    error_message = "every action that is allowed is named"
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(
        [aws_iam_role_policy.function.policy, aws_iam_role_policy.schedule[0].policy, aws_iam_role_policy.workflow[0].policy],
        [aws_iam_policy.producer.policy, aws_iam_policy.reader.policy, aws_sns_topic_policy.alarms[0].policy],
        [aws_sqs_queue_policy.inputs[0].policy, aws_sqs_queue_policy.dead_letters.policy],
        ) : [
        # A folder, the streams of a log, the runs of the stage and the executions of the workflow are the only ones of which there are many.
        for statement in jsondecode(policy).Statement : [
          for resource in flatten([statement.Resource]) : can(regex(
            "^arn:aws:(s3:::events-[a-z]+-123456789012(/[a-z/]+/\\*|/events/run=\\*/items/\\*)?|logs:[^*]+:\\*|states:[^*]+:execution:events-workflow[:/]\\*|(kms|sqs|sns|glue|athena|lambda|states):eu-west-1:123456789012:[^*]+)$", resource,
          ))
        ]
      ]
    ]))
    error_message = "every resource is named, up to its folder"
  }

  assert {
    condition = distinct(flatten([
      for policy in [
        aws_iam_role_policy.function.policy, aws_iam_role_policy.schedule[0].policy, aws_iam_role_policy.workflow[0].policy,
        aws_iam_policy.producer.policy, aws_iam_policy.reader.policy,
        ] : [
        for statement in jsondecode(policy).Statement : statement.Resource
        if anytrue([for action in statement.Action : can(regex("^(s3|glue):(Batch)?Delete", action))])
      ]
    ])) == tolist(["arn:aws:s3:::events-landing-123456789012/pending/*", "arn:aws:s3:::events-stage-123456789012/events/*"])
    error_message = "nothing is deleted but inputs that were taken, and the stage"
  }

  assert {
    condition = distinct(flatten([
      for policy in concat(
        [aws_iam_role_policy.function.policy, aws_iam_role_policy.schedule[0].policy, aws_iam_role_policy.workflow[0].policy],
        [aws_iam_policy.producer.policy, aws_iam_policy.reader.policy, aws_sns_topic_policy.alarms[0].policy],
        [aws_sqs_queue_policy.inputs[0].policy, aws_sqs_queue_policy.dead_letters.policy],
        [for policy in aws_s3_bucket_policy.made : policy.policy],
        ) : [
        for statement in jsondecode(policy).Statement : "${statement.Sid}: ${jsonencode(statement.Principal)} ${statement.Action} ${jsonencode(statement.Condition)}"
        if statement.Effect == "Deny"
      ]
      ])) == tolist([
      "OnlyTls: \"*\" sns:Publish {\"Bool\":{\"aws:SecureTransport\":\"false\"}}",
      "OnlyTls: \"*\" sqs:* {\"Bool\":{\"aws:SecureTransport\":\"false\"}}",
      "OnlyTls: \"*\" s3:* {\"Bool\":{\"aws:SecureTransport\":\"false\"}}",
      "InputsAreWrittenOnce: \"*\" s3:PutObject {\"Bool\":{\"s3:ObjectCreationOperation\":\"true\"},\"Null\":{\"s3:if-none-match\":\"true\"}}",
      "LogIsWrittenOnce: \"*\" s3:PutObject {\"Bool\":{\"s3:ObjectCreationOperation\":\"true\"},\"Null\":{\"s3:if-none-match\":\"true\"}}",
    ])
    error_message = "what is denied is denied to everybody, and only without TLS or without a condition of the put"
  }

  assert {
    condition = alltrue(flatten([
      for name, policy in aws_s3_bucket_policy.made : [
        for statement in jsondecode(policy.policy).Statement : [
          for resource in flatten([statement.Resource]) : startswith(resource, "arn:aws:s3:::events-${name}-123456789012")
        ]
      ]
    ]))
    error_message = "a bucket's policy is about that bucket"
  }

  assert {
    condition     = alltrue([for role in concat([aws_iam_role.function], aws_iam_role.schedule, aws_iam_role.workflow) : role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "each role has the boundary"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_policy.reader.policy).Statement : statement.Sid => statement.Resource
      if contains(["ReadCatalog", "Query", "FindCatalog"], statement.Sid)
      } == {
      ReadCatalog = ["arn:aws:glue:eu-west-1:123456789012:catalog", "arn:aws:glue:eu-west-1:123456789012:database/events", "arn:aws:glue:eu-west-1:123456789012:table/events/events"]
      Query       = ["arn:aws:athena:eu-west-1:123456789012:workgroup/events"]
      FindCatalog = ["arn:aws:athena:eu-west-1:123456789012:datacatalog/AwsDataCatalog"]
    }
    error_message = "a reader looks at this table in this workgroup"
  }

  assert {
    condition = alltrue([
      for policy in [aws_sqs_queue_policy.inputs[0].policy, aws_sqs_queue_policy.dead_letters.policy, aws_sns_topic_policy.alarms[0].policy] : anytrue([
        for statement in jsondecode(policy).Statement :
        statement.Effect == "Deny" && statement.Principal == "*" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
      ])
    ])
    error_message = "queues and the topic are reached by TLS only"
  }

  assert {
    condition = alltrue(flatten([
      for policy in [aws_sqs_queue_policy.inputs[0].policy, aws_sns_topic_policy.alarms[0].policy] : [
        for statement in jsondecode(policy).Statement : statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012" if statement.Effect == "Allow"
      ]
    ]))
    error_message = "services are let in for this account only"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.workflow[0].policy).Statement : statement.Sid => [statement.Action, statement.Resource]
      } == {
      InvokeFunction = [["lambda:InvokeFunction"], ["arn:aws:lambda:eu-west-1:123456789012:function:events-distributor"]]
      StartItems     = [["states:StartExecution"], ["arn:aws:states:eu-west-1:123456789012:stateMachine:events-workflow"]]
      WatchItems = [["states:DescribeExecution", "states:StopExecution"], [
        "arn:aws:states:eu-west-1:123456789012:execution:events-workflow:*", "arn:aws:states:eu-west-1:123456789012:execution:events-workflow/*",
      ]]
      ReadItems = [["s3:GetObject"], ["arn:aws:s3:::events-stage-123456789012/events/run=*/items/*"]]
      UseKey    = [["kms:Decrypt"], [var.kms_key_arn]]
    }
    error_message = "the workflow invokes the function, and a distributed map starts itself and reads what to do"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function.policy).Statement : [statement.Action, statement.Resource] if statement.Sid == "RegisterPartitions"
      ] == [[["glue:GetTable", "glue:CreateTable", "glue:UpdateTable", "glue:BatchCreatePartition"], [
        "arn:aws:glue:eu-west-1:123456789012:catalog", "arn:aws:glue:eu-west-1:123456789012:database/events", "arn:aws:glue:eu-west-1:123456789012:table/events/events",
    ]]]
    error_message = "the function registers partitions of this table only"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_policy.producer.policy).Statement : statement.Sid => [statement.Action, statement.Resource]
      } == {
      PutInputs = [["s3:PutObject", "s3:AbortMultipartUpload"], ["arn:aws:s3:::events-landing-123456789012/pending/*"]]
      UseKey    = [["kms:GenerateDataKey", "kms:Decrypt"], [var.kms_key_arn]]
    }
    error_message = "a producer puts into pending, and nothing else"
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_policy.reader.policy).Statement : alltrue([
        for resource in statement.Resource : !strcontains(resource, "landing") && !strcontains(resource, "stage") && !strcontains(resource, "control")
      ])
    ])
    error_message = "a reader sees the table, and nothing of how it is made"
  }

  assert {
    condition = alltrue([
      for queue in concat(aws_sqs_queue.inputs, [aws_sqs_queue.dead_letters]) : queue.kms_master_key_id == var.kms_key_arn
      ]) && aws_sns_topic.alarms[0].kms_master_key_id == var.kms_key_arn && alltrue([
      for configuration in aws_athena_workgroup.events[0].configuration : configuration.result_configuration[0].encryption_configuration[0].kms_key_arn == var.kms_key_arn
    ])
    error_message = "queues, topic and results are encrypted with the key"
  }
}

run "gives_the_plain_workflow_the_function_only" {
  command = plan

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.workflow[0].policy).Statement : statement.Sid] == ["InvokeFunction"]
    error_message = "without a distributed map there is nothing else to do"
  }
}
