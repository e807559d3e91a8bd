import sys, time, pickle, os
from concurrent.futures import ProcessPoolExecutor, as_completed
from tests.matrix import catalogue
from tests.matrix.scenes import play, Scene
from doctor.demo.world import Servers
import atexit
S=None
def init():
    global S
    S=Servers.start()
def one(i):
    try:
        return i, play(S, SC[i])
    except Exception as e:
        import traceback
        return i, traceback.format_exc()
what=sys.argv[1]
SC=getattr(catalogue, what)()
pat=sys.argv[2:] 
idx=[i for i,s in enumerate(SC) if not pat or any(p in s.name for p in pat)]
if __name__=='__main__':
    t=time.monotonic(); bad=0; right=0
    with ProcessPoolExecutor(2, initializer=init) as ex:
        for f in [ex.submit(one,i) for i in idx]:
            i,o=f.result()
            if isinstance(o,str): print('CRASH', SC[i].name, o[-1500:]); bad+=1; continue
            if o.is_right: right+=1; continue
            bad+=1
            print('MISS' if not o.root_is_right else 'causes', o.name, '| want', o.expected.verdict, o.expected.causes, '| got', o.got.verdict, o.got.causes, o.failing_check, o.errors, '%.1f'%o.seconds, flush=True)
    print(len(idx), 'right', right, 'bad', bad, 'in %.0f s'%(time.monotonic()-t))
