locals {
  workflow_name = "${var.name}-workflow"

  workflow_arns = {
    machine    = "${local.arn_prefixes.states}:stateMachine:${local.workflow_name}"
    executions = "${local.arn_prefixes.states}:execution:${local.workflow_name}:*"
    # Those that a distributed map starts have the map's name behind the machine's.
    children = "${local.arn_prefixes.states}:execution:${local.workflow_name}/*"
  }

  # Without a number of its own the map takes all invocations that the function may have.
  max_concurrency = coalesce(var.max_concurrency, var.reserved_concurrency > 0 ? var.reserved_concurrency : 100)

  workflow_values = {
    partition       = data.aws_partition.current.partition
    function_arn    = "${local.arn_prefixes.lambda}:function:${local.function_name}"
    item_bytes      = var.item_bytes == null ? "null" : var.item_bytes
    input_bytes_max = var.input_bytes_max == null ? "null" : var.input_bytes_max
    max_concurrency = local.max_concurrency
  }

  workflow_statements = concat(
    [{
      Sid      = "InvokeFunction"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [local.workflow_values.function_arn]
    }],
    # A distributed map is many executions of the machine, and reads from the stage what they are to do.
    var.scale_out ? [
      {
        Sid      = "StartItems"
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = [local.workflow_arns.machine]
      },
      {
        Sid      = "WatchItems"
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:StopExecution"]
        Resource = [local.workflow_arns.executions, local.workflow_arns.children]
      },
      {
        Sid      = "ReadItems"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [local.folders.items]
      },
    ] : [],
    var.scale_out && var.kms_key_arn != null ? [
      {
        Sid       = "UseKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = [local.key_services.s3] } }
      },
    ] : [],
  )
}

# The job as a workflow: with `scale_out` a run over many invocations, else its two halves, one after the other.
resource "aws_sfn_state_machine" "workflow" {
  count = var.workflow ? 1 : 0

  name       = local.workflow_name
  role_arn   = aws_iam_role.workflow[0].arn
  definition = templatefile("${path.module}/${var.scale_out ? "workflow" : "workflow-plain"}.asl.json", local.workflow_values)
  tags       = var.tags

  # It is tried when it is made.
  depends_on = [aws_iam_role_policy.workflow]
}

resource "aws_iam_role" "workflow" {
  count = var.workflow ? 1 : 0

  name        = local.workflow_name
  description = "What the workflow may do."
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = local.this_account
    }]
  })

  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "workflow" {
  count = var.workflow ? 1 : 0

  name = "drive"
  role = aws_iam_role.workflow[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.workflow_statements
  })
}
