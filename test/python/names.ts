/**
 * Public names of Python's modules for concurrency, by module: classes, functions, constants, and the members of classes, each where it is
 * defined. Taken from typeshed (3.15) and held against what Python 3.11 has. Inherited members stand with their base class only.
 */

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const pythonNames: Readonly<Record<string, readonly string[]>> = {
  multiprocessing: words(`
    Process Process.run Process.start Process.join Process.name Process.is_alive Process.daemon Process.pid
    Process.ident Process.exitcode Process.authkey Process.sentinel Process.interrupt Process.terminate Process.kill
    Process.close active_children cpu_count current_process parent_process freeze_support get_context get_start_method
    set_start_method get_all_start_methods set_executable set_forkserver_preload allow_connection_pickling ProcessError
    TimeoutError BufferTooShort AuthenticationError Lock Lock.acquire Lock.release Lock.locked Lock.__enter__
    Lock.__exit__ RLock RLock.acquire RLock.release RLock.locked Semaphore Semaphore.acquire Semaphore.release
    Semaphore.get_value Semaphore.locked BoundedSemaphore Condition Condition.acquire Condition.release Condition.wait
    Condition.wait_for Condition.notify Condition.notify_all Event Event.is_set Event.set Event.clear Event.wait Barrier
    Barrier.wait Barrier.reset Barrier.abort Barrier.parties Barrier.n_waiting Barrier.broken Queue Queue.put Queue.get
    Queue.put_nowait Queue.get_nowait Queue.qsize Queue.empty Queue.full Queue.close Queue.join_thread
    Queue.cancel_join_thread JoinableQueue JoinableQueue.task_done JoinableQueue.join SimpleQueue SimpleQueue.get
    SimpleQueue.put SimpleQueue.empty SimpleQueue.close Pipe Value Value.value Value.get_obj Value.get_lock
    Value.acquire Value.release Value.__enter__ Value.__exit__ Array Array.__len__ Array.__getitem__ Array.__setitem__
    Array.get_obj Array.get_lock Array.value Array.raw RawValue RawArray Manager Pool get_logger log_to_stderr
  `),
  'multiprocessing.process': words(`
    BaseProcess
  `),
  'multiprocessing.context': words(`
    BaseContext SpawnContext ForkServerContext DefaultContext ForkContext ForkProcess SpawnProcess ForkServerProcess
    BaseContext.Process BaseContext.Pool BaseContext.Lock BaseContext.RLock BaseContext.Semaphore
    BaseContext.BoundedSemaphore BaseContext.Condition BaseContext.Event BaseContext.Barrier BaseContext.active_children
    BaseContext.current_process BaseContext.parent_process BaseContext.cpu_count BaseContext.get_context
    BaseContext.get_start_method BaseContext.set_forkserver_preload DefaultContext.get_all_start_methods
    BaseContext.set_start_method BaseContext.ProcessError BaseContext.TimeoutError BaseContext.Queue
    BaseContext.JoinableQueue BaseContext.SimpleQueue BaseContext.Pipe BaseContext.Value BaseContext.Array
    BaseContext.RawValue BaseContext.RawArray BaseContext.Manager BaseContext.BufferTooShort
    BaseContext.AuthenticationError BaseContext.freeze_support BaseContext.get_logger BaseContext.log_to_stderr
    BaseContext.allow_connection_pickling BaseContext.set_executable BaseContext.reducer assert_spawning
    get_spawning_popen set_spawning_popen
  `),
  'multiprocessing.connection': words(`
    Connection Connection.send Connection.recv Connection.close Connection.poll Connection.send_bytes
    Connection.recv_bytes Connection.recv_bytes_into Connection.closed Connection.readable Connection.writable
    Connection.__enter__ Connection.__exit__ Connection.fileno Client Listener Listener.accept Listener.close
    Listener.address Listener.last_accepted Listener.__enter__ Listener.__exit__ deliver_challenge answer_challenge wait
  `),
  'multiprocessing.synchronize': words(`
    SemLock
  `),
  'multiprocessing.sharedctypes': words(`
    copy synchronized SynchronizedBase Synchronized SynchronizedArray SynchronizedString
  `),
  'multiprocessing.shared_memory': words(`
    SharedMemory SharedMemory.buf SharedMemory.name SharedMemory.size SharedMemory.close SharedMemory.unlink
    ShareableList ShareableList.__getitem__ ShareableList.__setitem__ ShareableList.__len__ ShareableList.count
    ShareableList.index ShareableList.format ShareableList.shm
  `),
  'multiprocessing.managers': words(`
    BaseManager BaseManager.start BaseManager.connect BaseManager.shutdown BaseManager.register BaseManager.address
    BaseManager.__enter__ BaseManager.__exit__ BaseManager.join BaseManager.get_server SyncManager SyncManager.Queue
    SyncManager.JoinableQueue SyncManager.Namespace SyncManager.Value SyncManager.Array SyncManager.dict
    SyncManager.list SyncManager.set SyncManager.Pool SyncManager.Lock SyncManager.RLock SyncManager.Semaphore
    SyncManager.BoundedSemaphore SyncManager.Condition SyncManager.Event SyncManager.Barrier SharedMemoryManager
    SharedMemoryManager.SharedMemory SharedMemoryManager.ShareableList SharedMemoryManager.start
    SharedMemoryManager.connect SharedMemoryManager.get_server SharedMemoryManager.shutdown BaseProxy BaseProxy.__repr__
    BaseProxy.__str__ BaseProxy._callmethod BaseProxy._getvalue DictProxy DictProxy.clear DictProxy.copy
    DictProxy.fromkeys DictProxy.get DictProxy.items DictProxy.keys DictProxy.pop DictProxy.popitem DictProxy.setdefault
    DictProxy.update DictProxy.values DictProxy.__contains__ DictProxy.__delitem__ DictProxy.__getitem__
    DictProxy.__ior__ DictProxy.__iter__ DictProxy.__len__ DictProxy.__or__ DictProxy.__reversed__ DictProxy.__ror__
    DictProxy.__setitem__ ListProxy BaseListProxy ListProxy.append ListProxy.clear ListProxy.copy ListProxy.count
    ListProxy.extend ListProxy.index ListProxy.insert ListProxy.pop ListProxy.remove ListProxy.reverse ListProxy.sort
    ListProxy.__add__ ListProxy.__contains__ ListProxy.__delitem__ ListProxy.__getitem__ ListProxy.__imul__
    ListProxy.__len__ ListProxy.__mul__ ListProxy.__reversed__ ListProxy.__rmul__ ListProxy.__setitem__ SetProxy
    NamespaceProxy ValueProxy ArrayProxy PoolProxy IteratorProxy AcquirerProxy ConditionProxy EventProxy BarrierProxy
    MakeProxyType AutoProxy Token Token.address Token.id Token.typeid RemoteError Server.serve_forever Server.shutdown
    Server.create Server.incref Server.decref Server.number_of_objects Server.debug_info Server.get_methods
    SharedMemoryServer.list_segments SharedMemoryServer.track_segment SharedMemoryServer.release_segment
  `),
  'multiprocessing.pool': words(`
    Pool.apply Pool.apply_async Pool.map Pool.map_async Pool.imap Pool.imap_unordered Pool.starmap Pool.starmap_async
    Pool.close Pool.terminate Pool.join Pool.__enter__ Pool.__exit__ Pool.Process ThreadPool AsyncResult AsyncResult.get
    AsyncResult.wait AsyncResult.ready AsyncResult.successful ApplyResult MapResult IMapIterator IMapUnorderedIterator
    IMapIterator.next MaybeEncodingError RemoteTraceback ExceptionWithTraceback RUN CLOSE TERMINATE INIT
  `),
  'multiprocessing.util': words(`
    get_logger log_to_stderr sub_debug debug info sub_warning warn LOGGER_NAME DEFAULT_LOGGING_FORMAT SUBDEBUG
    SUBWARNING Finalize Finalize.cancel Finalize.still_active Finalize.__call__ register_after_fork ForkAwareThreadLock
    ForkAwareThreadLock.acquire ForkAwareThreadLock.release ForkAwareLocal is_exiting get_temp_dir close_all_fds_except
    spawnv_passfds MAXFD abstract_sockets_supported is_abstract_socket_namespace
  `),
  'multiprocessing.resource_tracker': words(`
    ensure_running register unregister getfd ResourceTracker
  `),
  'multiprocessing.dummy': words(`
    Process DummyProcess DummyProcess.exitcode Pool Lock RLock Semaphore BoundedSemaphore Condition Event Barrier Queue
    JoinableQueue Manager Pipe active_children current_process freeze_support
  `),
  'multiprocessing.dummy.connection': words(`
    Pipe Listener Client Listener.accept Listener.address Listener.close
  `),
  'multiprocessing.reduction': words(`
    ForkingPickler ForkingPickler.register register ForkingPickler.dumps ForkingPickler.loads
    ForkingPickler.dispatch_table dump send_handle recv_handle sendfds recvfds DupFd
  `),
  'multiprocessing.heap': words(`
    BufferWrapper BufferWrapper.create_memoryview Arena Heap
  `),
  threading: words(`
    Thread Thread.start Thread.run Thread.join Thread.name Thread.getName Thread.setName Thread.ident Thread.native_id
    Thread.is_alive Thread.daemon Thread.isDaemon Thread.setDaemon Timer Timer.cancel Timer.interval Timer.function
    Timer.args Timer.kwargs Timer.finished active_count activeCount current_thread currentThread get_ident get_native_id
    enumerate main_thread local excepthook __excepthook__ ExceptHookArgs ExceptHookArgs.exc_type
    ExceptHookArgs.exc_value ExceptHookArgs.exc_traceback ExceptHookArgs.thread settrace setprofile settrace_all_threads
    setprofile_all_threads gettrace getprofile stack_size TIMEOUT_MAX ThreadError BrokenBarrierError _DummyThread
    serialize_iterator synchronized_iterator concurrent_tee Lock Lock.acquire Lock.release Lock.locked RLock
    RLock.acquire RLock.release RLock.locked Condition Condition.acquire Condition.release Condition.locked
    Condition.wait Condition.wait_for Condition.notify Condition.notify_all Condition.notifyAll Semaphore
    Semaphore.acquire Semaphore.release BoundedSemaphore Event Event.is_set Event.isSet Event.set Event.clear Event.wait
    Barrier Barrier.wait Barrier.reset Barrier.abort Barrier.parties Barrier.n_waiting Barrier.broken
  `),
  _thread: words(`
    interrupt_main start_new_thread start_joinable_thread exit allocate_lock daemon_threads_allowed set_name
  `),
  queue: words(`
    Queue Queue.qsize Queue.empty Queue.full Queue.put Queue.put_nowait Queue.get Queue.get_nowait Queue.task_done
    Queue.join Queue.shutdown Queue.is_shutdown Queue.maxsize Queue.unfinished_tasks Queue.queue Queue.mutex
    Queue.not_empty Queue.not_full Queue.all_tasks_done LifoQueue PriorityQueue SimpleQueue SimpleQueue.qsize
    SimpleQueue.empty SimpleQueue.get SimpleQueue.get_nowait SimpleQueue.put SimpleQueue.put_nowait Full Empty ShutDown
  `),
  'concurrent.futures': words(`
    Executor Executor.submit Executor.map Executor.shutdown Executor.__enter__ Executor.__exit__ ThreadPoolExecutor
    ThreadPoolExecutor.prepare_context ProcessPoolExecutor ProcessPoolExecutor.terminate_workers
    ProcessPoolExecutor.kill_workers InterpreterPoolExecutor EXTRA_QUEUED_CALLS Future Future.cancel Future.cancelled
    Future.running Future.done Future.result Future.exception Future.add_done_callback
    Future.set_running_or_notify_cancel Future.set_result Future.set_exception wait as_completed DoneAndNotDoneFutures
    DoneAndNotDoneFutures.done DoneAndNotDoneFutures.not_done FIRST_COMPLETED FIRST_EXCEPTION ALL_COMPLETED
    CancelledError TimeoutError InvalidStateError BrokenExecutor BrokenThreadPool BrokenProcessPool
    BrokenInterpreterPool PENDING RUNNING CANCELLED CANCELLED_AND_NOTIFIED FINISHED LOGGER
  `),
};
