//! The processes of a cluster: Ballista's scheduler and executor, extended by the jobs of this program.

use std::{
    future::Future,
    io,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::{
    cluster::BallistaCluster, config::SchedulerConfig, scheduler_process::start_server,
};
use datafusion::execution::{FunctionRegistry, SessionStateBuilder};
use tempfile::TempDir;

use super::{
    ExecutorOptions, SchedulerOptions,
    functions::{gather_function, meet_function},
    job::{Codec, MESSAGE_BYTES, session_config},
    waiting::runtime,
};
use crate::{
    diag::{Failure, Outcome},
    interrupt::Unfinished,
    text::Text,
};

/// The seconds between heartbeats of an executor, and after which a silent executor is given up.
const HEARTBEAT: u64 = 2;
const SILENCE: u64 = 10;
/// The seconds for which data between the stages of a query is kept.
const KEPT: u64 = 3600;
#[expect(clippy::cast_possible_truncation, reason = "a constant of 28 bits")]
const MESSAGE: u32 = MESSAGE_BYTES as u32;

/// Runs a scheduler until the flag is set.
pub(super) fn scheduler(options: &SchedulerOptions, stop: &AtomicBool) -> Outcome<()> {
    let config = SchedulerConfig {
        bind_host: options.bind.ip().to_string(),
        bind_port: options.bind.port(),
        grpc_server_max_decoding_message_size: MESSAGE,
        grpc_server_max_encoding_message_size: MESSAGE,
        grpc_client_max_message_size: MESSAGE,
        executor_timeout_seconds: SILENCE,
        expire_dead_executor_interval_seconds: HEARTBEAT,
        no_executors_grace_period_seconds: SILENCE,
        finished_job_data_clean_up_interval_seconds: 30,
        finished_job_state_clean_up_interval_seconds: 60,
        override_logical_codec: Some(Arc::new(Codec::default())),
        override_physical_codec: Some(Arc::new(Codec::default())),
        override_config_producer: Some(Arc::new(session_config)),
        override_session_builder: Some(Arc::new(|config| {
            let mut state =
                SessionStateBuilder::new().with_config(config).with_default_features().build();
            state.register_udf(meet_function())?;
            state.register_udaf(gather_function())?;
            Ok(state)
        })),
        ..SchedulerConfig::default()
    };
    let serve = async {
        let cluster = BallistaCluster::new_from_config(&config).await?;
        start_server(cluster, options.bind, Arc::new(config)).await
    };
    until_stopped(&options.bind.to_string(), stop, serve)
}

/// Runs an executor until the flag is set.
pub(super) fn executor(options: &ExecutorOptions, stop: &AtomicBool) -> Outcome<()> {
    let mut functions = BallistaFunctionRegistry::default();
    let (meet, gather) = (meet_function(), gather_function());
    functions.scalar_functions.insert(meet.name().to_owned(), meet);
    functions.aggregate_functions.insert(gather.name().to_owned(), gather);
    let port = options.bind.port();
    let next = port.checked_add(1).ok_or_else(|| {
        Failure::Usage(text!("--bind: an executor takes this port and the next one"))
    })?;
    let place = format!("{}:{}", options.scheduler.0, options.scheduler.1);
    wait_for_scheduler(&place, stop)?;
    // Removed at the end of the process.
    let temporary = options.work.is_none().then(|| TempDir::with_prefix("liangqing-"));
    #[expect(clippy::disallowed_methods, reason = "it is named in a message")]
    let temporary = temporary.transpose().map_err(Failure::io(&std::env::temp_dir()))?;
    let _unfinished =
        temporary.as_ref().map(|folder| Unfinished::tree(folder.path(), || Ok(()))).transpose()?;
    let work = options.work.as_deref().or(temporary.as_ref().map(TempDir::path));
    if let Some(folder) = work {
        #[expect(clippy::disallowed_methods, reason = "the folder is the operator's, and stays")]
        std::fs::create_dir_all(folder).map_err(Failure::io(folder))?;
    }
    let config = ExecutorProcessConfig {
        bind_host: options.bind.ip().to_string(),
        external_host: options.host.clone(),
        port,
        grpc_port: next,
        scheduler_host: options.scheduler.0.clone(),
        scheduler_port: options.scheduler.1,
        vcores: options.tasks.unwrap_or(0),
        work_dir: work.map(|folder| folder.display().to_string()),
        memory_pool_size: options.memory.map(|bytes| bytes as u64),
        job_data_ttl_seconds: KEPT,
        job_data_clean_up_interval_seconds: 60,
        grpc_max_decoding_message_size: MESSAGE,
        grpc_max_encoding_message_size: MESSAGE,
        executor_heartbeat_interval_seconds: HEARTBEAT,
        override_function_registry: Some(Arc::new(functions)),
        override_config_producer: Some(Arc::new(session_config)),
        override_logical_codec: Some(Arc::new(Codec::default())),
        override_physical_codec: Some(Arc::new(Codec::default())),
        ..ExecutorProcessConfig::default()
    };
    until_stopped(&place, stop, start_executor_process(Arc::new(config)))
}

/// Waits until an address accepts connections, because the processes of a cluster may be started together.
fn wait_for_scheduler(place: &str, stop: &AtomicBool) -> Outcome<()> {
    const ATTEMPTS: u32 = 100;
    let mut attempt = 0;
    loop {
        match TcpStream::connect(place) {
            Ok(_) => return Ok(()),
            Err(_) if stop.load(Ordering::Relaxed) => return Err(Failure::Interrupted),
            Err(_) if attempt < ATTEMPTS => std::thread::sleep(LOOK),
            Err(error) => return Err(Failure::Io { place: Text::given(place), error }),
        }
        attempt += 1;
    }
}

/// The interval between checks of the stop flag.
const LOOK: Duration = Duration::from_millis(100);
/// The time for Ballista to clean up.
const GRACE: Duration = Duration::from_millis(600);

/// Serves until the flag is set or the server fails.
fn until_stopped(
    place: &str,
    stop: &AtomicBool,
    serve: impl Future<Output = ballista_core::error::Result<()>>,
) -> Outcome<()> {
    let stopped = async {
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(LOOK).await;
        }
        // Ballista receives the signal as well, and removes its files in this time.
        tokio::time::sleep(GRACE).await;
    };
    let served = async {
        tokio::select! {
            served = serve => served,
            () = stopped => Ok(()),
        }
    };
    runtime()?
        .block_on(served)
        .map_err(|error| Failure::Io { place: Text::given(place), error: io::Error::other(error) })
}
