# Policies for people and programs around the table. They are attached to nobody here.
#
# What can only be allowed for everything in the account is in none of them, such as the list of all workgroups
# (`athena:ListWorkGroups`) and of all catalogs (`athena:ListDataCatalogs`): the console works with the workgroup by its name.

locals {
  # Where a part of the module is not made, there is nothing to give a right to.
  producer_statements = concat(
    [{
      Sid    = "PutInputs"
      Effect = "Allow"
      # No right to read, list or erase: an input is written once and never asked for again.
      Action   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      Resource = [local.folders.pending]
    }],
    var.kms_key_arn == null ? [] : [{
      Sid    = "UseKey"
      Effect = "Allow"
      # Uploads in parts are decrypted when they are put together.
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = [var.kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = [local.key_services.s3] } }
    }],
  )

  reader_statements = concat(
    [
      {
        Sid      = "ReadTable"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [local.folders.table]
      },
      {
        Sid       = "ListTable"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = [local.bucket_arns.trusted]
        Condition = { StringLike = { "s3:prefix" = ["events/*"] } }
      },
    ],
    var.catalog == "none" ? [] : [{
      Sid    = "ReadCatalog"
      Effect = "Allow"
      Action = [
        "glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions",
        "glue:BatchGetPartition",
      ]
      # Lists are of what is named here.
      Resource = local.table_arns
    }],
    local.has_athena ? [
      {
        Sid    = "Query"
        Effect = "Allow"
        Action = [
          "athena:GetWorkGroup", "athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution",
          "athena:BatchGetQueryExecution", "athena:ListQueryExecutions", "athena:GetQueryRuntimeStatistics",
          "athena:GetQueryResults", "athena:GetQueryResultsStream", "athena:ListNamedQueries", "athena:GetNamedQuery",
          "athena:BatchGetNamedQuery",
        ]
        Resource = ["${local.arn_prefixes.athena}:workgroup/${var.name}"]
      },
      {
        # For the console's tree of tables, and for drivers that ask what there is.
        Sid    = "FindCatalog"
        Effect = "Allow"
        Action = [
          "athena:GetDataCatalog", "athena:ListDatabases", "athena:GetDatabase", "athena:ListTableMetadata", "athena:GetTableMetadata",
        ]
        Resource = ["${local.arn_prefixes.athena}:datacatalog/AwsDataCatalog"]
      },
      {
        Sid    = "KeepResults"
        Effect = "Allow"
        Action = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        # All readers see each other's results, which are rows that they all may read.
        Resource = ["${local.results_bucket_arn}/results/*"]
      },
      {
        Sid      = "FindResultsBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = [local.results_bucket_arn]
      },
      {
        Sid      = "FindTableBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation"]
        Resource = [local.bucket_arns.trusted]
      },
    ] : [],
    var.kms_key_arn == null ? [] : [{
      Sid       = "UseKey"
      Effect    = "Allow"
      Action    = concat(["kms:Decrypt"], local.has_athena ? ["kms:GenerateDataKey"] : [])
      Resource  = [var.kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = [local.key_services.s3] } }
    }],
  )
}

resource "aws_iam_policy" "producer" {
  name        = "${var.name}-producer"
  description = "May put inputs into the landing zone's pending, and nothing else."
  tags        = var.tags

  policy = jsonencode({ Version = "2012-10-17", Statement = local.producer_statements })
}

resource "aws_iam_policy" "reader" {
  name        = "${var.name}-reader"
  description = "May query the table of events, and nothing else."
  tags        = var.tags

  policy = jsonencode({ Version = "2012-10-17", Statement = local.reader_statements })
}
