//! The messages to executors: which files to read, and where they are.
//!
//! For a query, a job is a table of parcels. For the planner, it is a list of tasks below a node that reads what they
//! name. The scheduler gives each executor a part of the list. Ballista can distribute a list, but not a leaf node of
//! ours.

use std::{any::Any, fmt, sync::Arc};

use ballista_core::{
    extension::SessionConfigExt,
    serde::{BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec},
};
use datafusion::{
    arrow::{
        array::{ArrayRef, AsArray, LargeBinaryArray, RecordBatch},
        datatypes::{DataType, Field as DataField, Schema, SchemaRef},
    },
    catalog::{Session, TableProvider},
    common::{Result, TableReference, internal_err, tree_node::TreeNodeRecursion},
    datasource::{file_format::FileFormatFactory, memory::MemorySourceConfig},
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{AggregateUDF, Expr, Extension, LogicalPlan, ScalarUDF, TableType},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
        execution_plan::{
            Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
        },
        stream::RecordBatchReceiverStream,
    },
    prelude::SessionConfig,
};
use datafusion_proto::{
    logical_plan::LogicalExtensionCodec,
    physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension},
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::runtime::Handle;

use super::{
    functions::{external, gather_function, meet_function},
    request::{ReadRequest, Terms, schema},
    task,
};

/// A job: what to read, and by which rules.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReadJob {
    /// The rules.
    pub(super) terms: Terms,
    /// The readings of each task.
    pub(super) tasks: Vec<Vec<ReadRequest>>,
}

/// Appends a value behind a mark that identifies our messages.
fn pack<T: Serialize>(value: &T, buffer: &mut Vec<u8>) -> Result<()> {
    buffer.extend(MARK);
    buffer.extend(postcard::to_allocvec(value).map_err(external)?);
    Ok(())
}

/// Decodes the value behind the mark, or returns `None` when there is no mark.
fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Option<Result<T>> {
    let packed = bytes.strip_prefix(MARK)?;
    Some(postcard::from_bytes(packed).map_err(external))
}

const MARK: &[u8] = b"liangqing job\n";

/// A job as a table.
#[derive(Debug)]
pub(super) struct JobTable(pub(super) Arc<ReadJob>);

#[async_trait::async_trait]
impl TableProvider for JobTable {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = projection.map_or_else(|| vec![0, 1], Clone::clone);
        let terms = Arc::new(self.0.terms.clone());
        Ok(Arc::new(JobExec::new(terms, columns, self.0.list()?)?))
    }
}

impl ReadJob {
    /// Returns the tasks as a plan: a partition with one row for each task.
    fn list(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let column = DataField::new("task", DataType::LargeBinary, false);
        let schema = Arc::new(Schema::new(vec![column]));
        let partition = |task: &Vec<ReadRequest>| {
            let bytes = postcard::to_allocvec(task).map_err(external)?;
            let column: ArrayRef = Arc::new(LargeBinaryArray::from_vec(vec![&bytes]));
            Ok(vec![RecordBatch::try_new(Arc::clone(&schema), vec![column])?])
        };
        let partitions = self.tasks.iter().map(partition).collect::<Result<Vec<_>>>()?;
        Ok(MemorySourceConfig::try_new_exec(&partitions, Arc::clone(&schema), None)?)
    }
}

/// Executes the tasks of a list, partition by partition.
#[derive(Debug)]
pub(super) struct JobExec {
    terms: Arc<Terms>,
    columns: Vec<usize>,
    tasks: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl JobExec {
    fn new(
        terms: Arc<Terms>,
        columns: Vec<usize>,
        tasks: Arc<dyn ExecutionPlan>,
    ) -> Result<JobExec> {
        let schema = Arc::new(schema().project(&columns)?);
        let partitions = tasks.properties().output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(JobExec { terms, columns, tasks, properties: Arc::new(properties) })
    }
}

impl DisplayAs for JobExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "JobExec: period={}", self.terms.period)
    }
}

impl ExecutionPlan for JobExec {
    fn name(&self) -> &'static str {
        "JobExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.tasks]
    }

    /// Repartitioning would not help: each task is a partition already.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(tasks), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("JobExec has one input");
        };
        Ok(Arc::new(JobExec::new(Arc::clone(&self.terms), self.columns.clone(), tasks)?))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let tasks = self.tasks.execute(partition, Arc::clone(&context))?;
        let mut stream = RecordBatchReceiverStream::builder(self.schema(), 4);
        let (batches, terms) = (stream.tx(), Arc::clone(&self.terms));
        let columns = self.columns.clone();
        stream.spawn_blocking(move || {
            let tasks: Vec<RecordBatch> = Handle::current().block_on(tasks.try_collect())?;
            let mut readings: Vec<ReadRequest> = Vec::new();
            for task in tasks.iter().flat_map(|tasks| tasks.column(0).as_binary::<i64>()).flatten()
            {
                readings.extend(postcard::from_bytes::<Vec<ReadRequest>>(task).map_err(external)?);
            }
            // Sending fails when the query was cancelled and its receiver dropped.
            let send = |batch: RecordBatch| {
                let batch = batch.project(&columns).map_err(Into::into);
                batches.blocking_send(batch).is_ok()
            };
            task::run(&terms, &readings, &context, send)
        });
        Ok(stream.build())
    }
}

/// The most bytes of a message: a batch of results, or a plan with the places of all files.
pub(super) const MESSAGE_BYTES: usize = 256 << 20;

/// Returns the session configuration of runs, schedulers and executors.
pub(super) fn session_config() -> SessionConfig {
    SessionConfig::new_with_ballista()
        .with_ballista_logical_extension_codec(Arc::new(Codec::default()))
        .with_ballista_physical_extension_codec(Arc::new(Codec::default()))
        .with_ballista_grpc_client_max_message_size(MESSAGE_BYTES)
}

/// Encodes and decodes jobs. Everything else is passed to Ballista.
#[derive(Debug, Default)]
pub(super) struct Codec {
    logical: BallistaLogicalExtensionCodec,
    physical: BallistaPhysicalExtensionCodec,
}

impl LogicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[LogicalPlan],
        context: &TaskContext,
    ) -> Result<Extension> {
        self.logical.try_decode(bytes, inputs, context)
    }

    fn try_encode(&self, node: &Extension, buffer: &mut Vec<u8>) -> Result<()> {
        self.logical.try_encode(node, buffer)
    }

    fn try_decode_table_provider(
        &self,
        bytes: &[u8],
        name: &TableReference,
        schema: SchemaRef,
        context: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        match unpack(bytes) {
            Some(job) => Ok(Arc::new(JobTable(Arc::new(job?)))),
            None => self.logical.try_decode_table_provider(bytes, name, schema, context),
        }
    }

    fn try_encode_table_provider(
        &self,
        name: &TableReference,
        table: Arc<dyn TableProvider>,
        buffer: &mut Vec<u8>,
    ) -> Result<()> {
        match (table.as_ref() as &dyn Any).downcast_ref::<JobTable>() {
            Some(JobTable(job)) => pack(job.as_ref(), buffer),
            None => self.logical.try_encode_table_provider(name, table, buffer),
        }
    }

    fn try_decode_file_format(
        &self,
        bytes: &[u8],
        context: &TaskContext,
    ) -> Result<Arc<dyn FileFormatFactory>> {
        self.logical.try_decode_file_format(bytes, context)
    }

    fn try_encode_file_format(
        &self,
        buffer: &mut Vec<u8>,
        format: Arc<dyn FileFormatFactory>,
    ) -> Result<()> {
        self.logical.try_encode_file_format(buffer, format)
    }

    fn try_decode_udf(&self, name: &str, _: &[u8]) -> Result<Arc<ScalarUDF>> {
        scalar_function(name)
    }

    fn try_decode_udaf(&self, name: &str, _: &[u8]) -> Result<Arc<AggregateUDF>> {
        aggregate_function(name)
    }
}

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match unpack::<(Terms, Vec<usize>)>(bytes) {
            Some(job) => {
                let ((terms, columns), [tasks]) = (job?, inputs) else {
                    return internal_err!("JobExec has one input");
                };
                Ok(Arc::new(JobExec::new(Arc::new(terms), columns, Arc::clone(tasks))?))
            }
            None => self.physical.try_decode(bytes, inputs, context, converter),
        }
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buffer: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        match (node.as_ref() as &dyn Any).downcast_ref::<JobExec>() {
            Some(JobExec { terms, columns, .. }) => pack(&(terms.as_ref(), columns), buffer),
            None => self.physical.try_encode(node, buffer, converter),
        }
    }

    fn try_decode_udf(&self, name: &str, _: &[u8]) -> Result<Arc<ScalarUDF>> {
        scalar_function(name)
    }

    fn try_decode_udaf(&self, name: &str, _: &[u8]) -> Result<Arc<AggregateUDF>> {
        aggregate_function(name)
    }
}

fn scalar_function(name: &str) -> Result<Arc<ScalarUDF>> {
    let meet = meet_function();
    if name == meet.name() { Ok(meet) } else { internal_err!("no function {name}") }
}

fn aggregate_function(name: &str) -> Result<Arc<AggregateUDF>> {
    let gather = gather_function();
    if name == gather.name() { Ok(gather) } else { internal_err!("no function {name}") }
}
